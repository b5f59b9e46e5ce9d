"""How people are called, in many places: hand-made lists for the second set of leads."""

# ruff: noqa: E501 - lists read better in long lines

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Culture:
    """Given names are "Name:nickname,nickname". Family names are drawn with the first ones commonest; a share of
    `tail` is put together from `stems` and `ends` instead, so that rare names exist at any size and the commonest name
    is about as common as in its country: Müller, Nowak or Smith one in a hundred, Hernández three, Wang seven."""

    name: str
    share: float
    regions: tuple[str, ...]
    languages: tuple[str, ...]
    women: list[str]
    men: list[str]
    families: list[str]
    stems: list[str]
    ends: list[str]
    providers: list[str]
    tail: float = 0.8
    gendered: dict[str, str] = field(default_factory=dict)  # ending of his name: ending of hers


def words(text: str) -> list[str]:
    return text.split()


LATIN = Culture(
    "Latin American", 0.13, ("MX", "MX", "CO", "ES", "AR", "US"), ("es", "es", "en"),
    words("""María:Mari Guadalupe:Lupita,Lupe Fernanda:Fer Alejandra:Ale Verónica:Vero Gabriela:Gaby Mónica:Moni
        Rosario:Chayo Concepción:Conchita Dolores:Lola Ximena:Xime Valentina:Vale Daniela:Dani Leticia:Lety Beatriz:Bety
        Yolanda:Yoli Esperanza Graciela:Chela Itzel Paola:Pao Carolina:Caro Isabel:Chabela Luz Rocío Mariana"""),
    words("""José:Pepe Juan:Juancho Luis:Lucho Francisco:Paco,Pancho Jesús:Chuy Carlos:Charly Miguel:Mike Alejandro:Ale,Alex
        Eduardo:Lalo Ignacio:Nacho Roberto:Beto Rafael:Rafa Enrique:Quique Manuel:Manolo Guillermo:Memo Santiago:Santi
        Sebastián:Sebas Emiliano Andrés Óscar Héctor Ramón:Moncho Gustavo:Gus Antonio:Toño Joaquín:Quino"""),
    words("""Hernández García Martínez López González Rodríguez Pérez Sánchez Ramírez Flores Cruz Morales Vázquez Jiménez
        Reyes Díaz Torres Gutiérrez Ruiz Mendoza Aguilar Ortiz Castillo Romero Álvarez Méndez Chávez Rivera Juárez Núñez
        Peña Ibáñez Zúñiga Villaseñor Echeverría Uribe Quiñones Arroyave Ocampo Betancourt"""),
    words("Villa Monte Casti Fuente Alta Sala Valde Riva Torre Campo Agui Monta Barra Arre Olive Sando Carra Zamo Ezque Uri"),
    words("verde real mayor llano rrubia negro zar ndo nares rena ga longa beitia guren chea rte val sola rán bal"),
    words("gmail.com hotmail.com gmail.com outlook.com yahoo.com.mx live.com.mx hotmail.es icloud.com prodigy.net.mx"), 0.5,
)  # fmt: skip
GERMAN = Culture(
    "German", 0.13, ("DE", "DE", "DE", "AT", "CH"), ("de", "de", "de", "en"),
    words("""Anna Katharina:Kathi,Käthe Elisabeth:Lisi,Elli Susanne:Susi Jürgen-Maria Jörgine Ursula:Uschi Christine:Christl
        Brigitte:Gitti Gisela Renate Heike Anneliese:Anni Magdalena:Leni Johanna:Hanna Franziska:Franzi Friederike:Rike Käthe
        Jördis Swantje Theresa:Resi Ulrike:Uli Annegret Sabine:Bine Stefanie:Steffi Birgit"""),
    words("""Johannes:Hannes,Hans Jürgen Jörg Günther Wolfgang:Wolf Andreas:Andi Matthias:Hias,Matze Maximilian:Max
        Sebastian:Basti Michael:Michi Christian:Chris Karl-Heinz:Kalle Hans-Peter Thomas:Tom Stefan Benjamin:Ben
        Friedrich:Fritz Heinrich:Heiner Götz Björn Tobias:Tobi Alexander:Alex,Xandi Ulrich:Uli Dietmar:Didi Kai-Uwe Sören"""),
    words("""Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein
        Schröder Neumann Schwarz Zimmermann Krüger Hofmann Hartmann Lange Krause Köhler Maier Lehmann Huber Kaiser Fuchs
        Jäger Weiß Groß Löwe Böhm Kühn Vögele Schönfeld Dürr Größmann Süß Strauß von-Bülow zur-Mühlen"""),
    words("""Stein Rosen Hohen Eichen Wald Linden Kirch Mühl Brück Grün Ober Nieder Rot Burg Wein Acker Sand Feld Birk
        Dörr Tannen Hasel Löwen Bären Silber Kupfer Wiesen Moor Seel Vogel"""),
    words("bach berg mann meier feld hauser stein burger bauer dorf thal hofer müller becker brink haus eder wald rieder huber"),
    words("web.de gmx.de t-online.de gmail.com freenet.de posteo.de gmx.net outlook.de gmx.at bluewin.ch mailbox.org"), 0.8
)  # fmt: skip
POLISH = Culture(
    "Polish", 0.08, ("PL", "PL", "GB", "DE"), ("pl", "pl", "en"),
    words("""Anna:Ania Katarzyna:Kasia Małgorzata:Gosia,Małgosia Agnieszka:Aga Aleksandra:Ola Magdalena:Magda Joanna:Asia
        Barbara:Basia Ewa Krystyna:Krysia Zofia:Zosia Elżbieta:Ela Dorota Jadwiga:Jadzia Świętosława Łucja Żaneta Beata"""),
    words("""Piotr:Piotrek Krzysztof:Krzysiek Andrzej:Jędrek Tomasz:Tomek Jan:Janek Paweł Michał Marcin Jakub:Kuba
        Łukasz Grzegorz:Grzesiek Wojciech:Wojtek Stanisław:Staszek Zbigniew:Zbyszek Sławomir:Sławek Józef:Józek Bartłomiej:Bartek
        Mieczysław:Mietek Rafał Kazimierz:Kazik"""),
    words("""Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski
        Mazur Jankowski Kwiatkowski Krawczyk Piotrowski Grabowski Pawłowski Michalski Król Wróbel Jabłoński Stępień Górski
        Sikora Ostrowski Baran Duda Szewczyk Pietrzak Łuczak Żak Ćwikła Śliwa"""),
    words("""Brzez Lip Dąb Sosn Wierz Grab Jasi Olsz Kalin Biel Czarn Zawadz Gór Ostrz Krzyż Świerk Młyn Rzep Kępi Łąk
        Jarz Modrz Stoj Wilk Sław Trzci"""),
    words("iński owski ewski icki ański czyk ecki oń ak owicz"),
    words("wp.pl o2.pl gmail.com onet.pl interia.pl gmail.com op.pl poczta.fm"), 0.85, {"ski": "ska", "cki": "cka"},
)  # fmt: skip
CZECH = Culture(
    "Czech", 0.06, ("CZ", "CZ", "AT"), ("cs", "cs", "en"),
    words("""Jana:Janička Petra:Péťa Kateřina:Katka Lenka Tereza:Terka Markéta Věra Alžběta:Bětka Zdeňka Hana Jiřina
        Božena Ludmila:Lída Růžena Eliška Barbora:Bára Šárka Žofie Dagmar:Dáša"""),
    words("""Jan:Honza Josef:Pepa Jiří:Jirka Petr:Péťa Tomáš:Tom Zdeněk František:Franta Václav:Vašek Ondřej:Ondra Vojtěch:Vojta
        Luboš Miloš Matěj Lukáš Štěpán Stanislav:Standa Jaroslav:Jarda Bohumil Vladimír:Vláďa Jakub:Kuba"""),
    words("""Novák Svoboda Novotný Dvořák Černý Procházka Kučera Veselý Horák Němec Pokorný Pospíšil Hájek Jelínek Král
        Růžička Beneš Fiala Sedláček Doležal Zeman Kolář Krejčí Čermák Vaněk Urban Blažek Kříž Kopecký Šimek Říha"""),
    words("Hav Ned Lib Bart Mar Kuž Řez Chal Koub Ště Doh Křep Zah Vrb Jir Žiž Šaf Brož Pavl Konv"),
    words("lík ek ička ínek ák áček oň ouš ař ovský enka al"),
    words("seznam.cz email.cz gmail.com centrum.cz post.cz volny.cz"), 0.8,
    {"ský": "ská", "cký": "cká", "ný": "ná", "lý": "lá", "rý": "rá", "ek": "ková", "a": "ová", "": "ová"},
)  # fmt: skip
TURKISH = Culture(
    "Turkish", 0.08, ("TR", "DE", "DE", "NL"), ("tr", "de", "en"),
    words("""Ayşe:Ayş Fatma:Fatoş Emine Zeynep:Zeyno Elif Hatice Merve Büşra Özlem Gülşen Şule Çiğdem İpek Tuğba Esra Sevgi
        Nurcan:Nur Yasemin Gülizar:Gül Dilara Ceyda"""),
    words("""Mehmet:Memo Mustafa:Musti Ahmet Ali Hüseyin Hasan İbrahim:İbo Osman Ömer Süleyman:Sülo Çağlar Tunç Barış Özgür
        Kerem Yiğit Oğuzhan:Oğuz Uğur Göksel Volkan Emre Cem Şükrü Bülent"""),
    words("""Yılmaz Kaya Demir Şahin Çelik Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Kara Koç Kurt
        Özkan Şimşek Polat Korkmaz Çakır Erdoğan Güneş Bulut Tekin Keskin Güler Ünal Işık Uçar Başaran"""),
    words("Kara Ak Demir Taş Öz Gök Kızıl Er Altın Boz Sarı Yavuz Çelik Topal Kör Genç Bay Tun Uzun Ağa Koca Deli Baş"),
    words("oğlu taş türk kan demir bay soy can er tepe kaya han bulut gül alp dağ"),
    words("hotmail.com gmail.com hotmail.com.tr yahoo.com.tr mynet.com gmx.de outlook.com.tr"), 0.75,
)  # fmt: skip
INDIAN = Culture(
    "Indian", 0.1, ("IN", "IN", "IN", "GB", "US"), ("en",),
    words("""Priya Anjali:Anju Sunita Kavita Lakshmi Deepika:Deepu Pooja Meenakshi:Meena Shreya Ananya Divya Radhika:Radha
        Jayashree:Jaya Sangeeta Swathi Aishwarya:Aish Vidya Harpreet Gurpreet Fathima Nandini Bhavana Padmavathi:Padma"""),
    words("""Rahul Amit Rajesh:Raj Suresh Vijay Sanjay:Sanju Krishnamurthy:Krishna,Kittu Venkatesh:Venky Ramesh Anil Arjun
        Mohammed:Mohd Harish Manjunath:Manju Subramaniam:Subbu,Mani Gurpreet:Guri Balakrishnan:Balu Siddharth:Sid Aditya:Adi Karthik
        Srinivas:Srini Harpreet:Harry Pradeep Chandrashekhar:Chandru,Shekhar Ashok"""),
    words("""Sharma Kumar Singh Patel Gupta Reddy Nair Verma Rao Khan Joshi Iyer Mehta Agarwal Das Shah Mishra Yadav Pillai
        Menon Chaudhary Banerjee Mukherjee Chatterjee Bhat Kaur Naidu Desai Kulkarni Shetty Iyengar Gowda Pandey Jain Bose
        Ghosh Sinha Malhotra Kapoor Chopra"""),
    words("Venkat Rama Krishna Subra Siva Gopala Raja Chandra Hari Narayana Lakshma Jaya Soma Vira Bala Ananda Maha Deva"),
    words("n swamy murthy raman ppa nathan rajan iah than gowda shekar mani raju kar"),
    words("gmail.com gmail.com yahoo.co.in rediffmail.com gmail.com outlook.com yahoo.com"), 0.55,
)  # fmt: skip
ENGLISH = Culture(
    "English", 0.16, ("US", "US", "GB", "GB", "CA", "AU"), ("en",),
    words("""Margaret:Maggie,Peggy Elizabeth:Liz,Beth,Betty Catherine:Cathy,Kate Jennifer:Jen,Jenny Rebecca:Becky Susan:Sue
        Victoria:Vicky,Tori Deborah:Debbie Patricia:Pat,Trish Samantha:Sam Charlotte:Lottie Amanda:Mandy Josephine:Jo Theresa:Tess
        Olivia:Liv Siobhan Aoife Niamh Kayleigh Shaniqua Latoya Imogen:Immy Philippa:Pippa Harriet:Hattie Gwendolyn:Gwen"""),
    words("""William:Bill,Will Robert:Bob,Rob Richard:Dick,Rick James:Jim,Jimmy Michael:Mike,Mick Thomas:Tom Christopher:Chris,Kit
        Anthony:Tony Edward:Ted,Ed Andrew:Andy,Drew Nicholas:Nick Matthew:Matt Benjamin:Ben Gregory:Greg Lawrence:Larry
        Timothy:Tim Stephen:Steve Alasdair Rhys Callum DeShawn Tyrone Jerome:Jerry Montgomery:Monty Leopold:Leo Bartholomew:Bart"""),
    words("""Smith Jones Williams Brown Taylor Davies Wilson Johnson Evans Thomas Roberts Walker Wright Robinson Thompson White
        Hughes Edwards Green Hall Wood Harris Lewis Martin Jackson Clarke O'Brien O'Connor McDonald MacLeod Fitzgerald Washington
        Jefferson Booker Featherstonehaugh Cholmondeley St-John Llewellyn Ng-Harris Nguyen"""),
    words("""Ash Black Brad Charl Crom Dun East Fair Gold Hart Hazel Ken Lang Marsh Nor Pem Red Rock Shel Stan Thorn Under
        Wake West Whit Win Wood Wool Hather Cald"""),
    words("ton ley ford field wood worth by well ham combe stead brook hurst burn shaw well land wick ridge man"),
    words("gmail.com yahoo.com hotmail.co.uk btinternet.com aol.com outlook.com icloud.com comcast.net sky.com bigpond.com"), 0.75
)  # fmt: skip
ARABIC = Culture(
    "Arabic", 0.08, ("AE", "EG", "FR", "GB", "DE"), ("en", "fr", "en"),
    words("""Fatima/Fatma/Fatimah Aisha/Ayesha/Aicha Maryam/Mariam/Meryem Khadija/Khadidja/Khadijah Noor/Nour/Nur Layla/Leila/Laila
        Amina/Aminah Yasmin/Yasmine/Jasmin Zaynab/Zeinab/Zainab Huda/Hoda Salma Rania/Raniya Samira/Sameera Hanan Sawsan/Sausan"""),
    words("""Mohammed/Muhammad/Mohamed/Mohamad Ahmed/Ahmad Ali/Aly Hussein/Husain/Hossein Omar/Umar Youssef/Yusuf/Yousef/Joseph
        Ibrahim/Ebrahim Khaled/Khalid Abdullah/Abdallah Abdelrahman/Abdurrahman/Abdul-Rahman Mahmoud/Mahmud Said/Saeed/Sayed
        Tariq/Tarek Hamza/Hamzah Walid/Waleed Nasser/Naser Faisal/Faysal Jamal/Gamal/Djamel"""),
    words("""Al-Sayed/El-Sayed/Elsayed Hassan/Hasan Ibrahim/Ebrahim Al-Masri/El-Masry/Elmasri Haddad/Hadad Khoury/Khouri/Kouri
        Mansour/Mansur Saleh/Salih Nasser/Naser Al-Hashimi/El-Hashmi/Alhashimi Benali/Ben-Ali Bouzid/Bouazid Cherif/Sharif/Shareef
        Darwish/Darwich Farouk/Faruq Qasim/Kassem/Kacem Najjar/Nadjar Rahman/Rahmane Toumi/Toumy Zidane/Zidan"""),
    words("Al-/El- Ben/Bin- Bou/Abu- Abdel/Abdul"),
    words("""shamsi/shemsy jabri/djabri khatib/khateeb tayeb/taieb qadi/kadi ghani/rani hamid/hameed naim/naeem rashid/rachid
        mutairi/moutairi suwaidi/souidi harbi dosari/dossary zahrani/zahrany otaibi/outaibi karim/kareem latif/lateef"""),
    words("gmail.com hotmail.com yahoo.fr live.com outlook.sa eim.ae orange.fr yahoo.com"), 0.6,
)  # fmt: skip
CYRILLIC = Culture(
    "Cyrillic", 0.08, ("UA", "BG", "DE", "US"), ("uk", "en", "de"),
    words("""Олена:Лєна Катерина:Катя Наталія:Наташа Оксана Юлія:Юля Світлана:Свєта Марія:Маша Ганна:Аня Ірина:Іра
        Людмила:Люда Тетяна:Таня Вікторія:Віка Галина:Галя Любов:Люба Анастасія:Настя Дарія:Даша Жанна"""),
    words("""Олександр:Саша Дмитро:Діма Сергій:Сєрьожа Андрій Михайло:Миша Володимир:Вова Юрій:Юра Євген:Женя Олексій:Льоша
        Іван:Ваня Микола:Коля Максим:Макс Павло:Паша Віктор Григорій:Гриша Ярослав Богдан В'ячеслав:Слава"""),
    words("""Шевченко Мельник Коваленко Бондаренко Бойко Ткаченко Кравченко Ковальчук Олійник Шевчук Поліщук Іванов Петров
        Мороз Лисенко Руденко Савченко Петренко Кравчук Клименко Савчук Мазур Хоменко Щербак Юрченко Жук Яценко Гончар Цимбал"""),
    words("Дорош Яким Хар Щерб Лещ Заболот Кирил Остап Федор Гнат Панас Чорн Біл Степан Журав Мар Корн Вас Тимош Юрк"),
    words("енко ук чук ко ов ський ець юк ишин ин"),
    words("ukr.net gmail.com i.ua mail.ru meta.ua gmail.com abv.bg gmx.de"), 0.8, {"ов": "ова", "ський": "ська", "ин": "ина"},
)  # fmt: skip
CHINESE = Culture(
    "Chinese", 0.05, ("US", "AU", "GB", "HK"), ("en", "en", "zh"),
    words("""丽:li 娜:na 芳:fang 静:jing 敏:min 燕:yan 玲:ling 婷:ting 雪:xue 梅:mei 晓:xiao 慧:hui 欣:xin 怡:yi 佳:jia 文:wen 秀:xiu 红:hong"""),
    words("""伟:wei 强:qiang 军:jun 杰:jie 涛:tao 明:ming 超:chao 勇:yong 鹏:peng 建:jian 国:guo 志:zhi 浩:hao 宇:yu 俊:jun 海:hai 东:dong 峰:feng"""),
    words("""王:wang 李:li 张:zhang 刘:liu 陈:chen 杨:yang 黄:huang 赵:zhao 吴:wu 周:zhou 徐:xu 孙:sun 马:ma 朱:zhu 胡:hu 郭:guo 何:he
        林:lin 罗:luo 梁:liang 宋:song 郑:zheng 谢:xie 韩:han 唐:tang 冯:feng 邓:deng 曹:cao 彭:peng 曾:zeng 欧阳:ouyang 诸葛:zhuge"""),
    [], [], words("gmail.com 163.com qq.com outlook.com hotmail.com yahoo.com"), 0.0,
)  # fmt: skip
FRENCH = Culture(
    "French", 0.07, ("FR", "FR", "BE", "CA"), ("fr", "fr", "en"),
    words("""Françoise:Fanfan Élisabeth:Babeth Véronique:Véro Hélène Geneviève Marie-Claude Anne-Sophie Joséphine:Jo Aurélie
        Stéphanie:Steph Zoé Chloé Mélanie:Mel Dominique:Dom Céline Inès Noémie Brigitte Océane Catherine:Cathy"""),
    words("""Jean-Pierre:JP Jean-François Frédéric:Fred Stéphane:Steph Rémi Jérôme Grégoire:Greg Philippe:Phil Benoît
        Étienne Théo Maël Christophe:Chris Dominique:Dom Sébastien:Seb Loïc Gaël Aurélien François Anselme"""),
    words("""Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefèvre Michel Bertrand Roux
        Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Mercier Guérin Boyer Chevalier Lefebvre Gauthier d'Aubigny
        de-la-Tour Le-Goff Peltier Béranger"""),
    words("Beau Mont Cham Ville Roche Cour Font Haute Clair Gran Bois Mal Cas Tré Ker Per Lan Gui Des Val"),
    words("champ mont bert neuve val court noir guillou mard dec fort pré bois nard tel mier rand ville lier main"),
    words("orange.fr gmail.com free.fr wanadoo.fr laposte.net hotmail.fr sfr.fr skynet.be videotron.ca"), 0.8
)  # fmt: skip
ITALIAN = Culture(
    "Italian", 0.05, ("IT", "IT", "CH"), ("it", "it", "en"),
    words("""Giuseppina:Pina Francesca:Franci Maria-Grazia Alessandra:Ale Antonella:Anto Federica:Fede Niccolina Chiara Lucia
        Concetta:Titti Elisabetta:Betta Beatrice:Bea Carmela:Mela Ilaria Giovanna:Vanna Michela"""),
    words("""Giuseppe:Beppe,Peppe Francesco:Checco Antonio:Tonino Salvatore:Totò Luigi:Gigi Alessandro:Sandro,Ale Giovanni:Gianni
        Domenico:Mimmo Niccolò Raffaele:Lello Vincenzo:Enzo Matteo:Teo Leonardo:Leo Gianluca:Luca Ferdinando:Nando Calogero"""),
    words("""Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti De-Luca Mancini Costa
        Giordano Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi Caruso D'Angelo Di-Stefano Lo-Presti Nicolò"""),
    words("Mont Bell Cast Guer Pell Fior Bon Cap Scal Tor Giac Pal Mart Gran Vent Zan Bert Cer Rom Sal"),
    words("anari ini etti ucci ellini igiani ozzi aldi omini azzo one acci ettoni ardi elli"),
    words("libero.it gmail.com alice.it tiscali.it virgilio.it hotmail.it yahoo.it"), 0.85
)  # fmt: skip
VIETNAMESE = Culture(
    "Vietnamese", 0.03, ("US", "AU", "DE"), ("en",),
    words("Thị:Mai Hương Lan Linh:Lynn Thảo Ngọc:Jade Hạnh:Hannah Trang Phương:Phoebe Tuyết Yến Kim"),
    words("Minh:Mike Tuấn:Tony Hùng:Henry Dũng Quang Đức:Duke Huy:Huey Phúc Thành:Tom Long Khánh:Ken Việt"),
    words("Nguyễn Trần Lê Phạm Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý"),
    words("Ngọc Minh Văn Thanh Xuân Hoàng"), words("Nguyễn Trần Lê Phạm Huỳnh"), words("gmail.com yahoo.com hotmail.com"), 0.0,
)  # fmt: skip
CULTURES = (
    LATIN, GERMAN, POLISH, CZECH, TURKISH, INDIAN, ENGLISH, ARABIC, CYRILLIC, CHINESE, FRENCH, ITALIAN, VIETNAMESE,
)  # fmt: skip

# Numbers by region: country code, trunk prefix, mobile and landline national digits (# is any digit), ways to group.
PHONES = {
    "MX": ("52", "", ["55########", "33########"], ["81########", "442#######"]),
    "CO": ("57", "", ["300#######", "315#######"], ["601#######", "604#######"]),
    "ES": ("34", "", ["6########", "71#######"], ["91#######", "93#######"]),
    "AR": ("54", "", ["911########"], ["11########"]),
    "US": ("1", "", ["512555####", "310444####", "917332####", "6462######"], ["7132######", "3122######"]),
    "CA": ("1", "", ["4162######", "5142######"], ["6042######"]),
    "DE": ("49", "0", ["151########", "170#######", "176########"], ["30#######", "89########", "221#######"]),
    "AT": ("43", "0", ["664#######", "676#######"], ["1#######", "662######"]),
    "CH": ("41", "0", ["79#######", "76#######"], ["44#######", "31#######"]),
    "PL": ("48", "", ["501######", "602######", "790######"], ["22#######", "12#######"]),
    "GB": ("44", "0", ["7700######", "7911######", "7453######"], ["2079######", "1612######"]),
    "CZ": ("420", "", ["602######", "731######"], ["22#######"]),
    "TR": ("90", "0", ["532#######", "505#######"], ["212#######", "312#######"]),
    "NL": ("31", "0", ["61#######", "64#######"], ["20#######"]),
    "IN": ("91", "0", ["98########", "99########", "70########"], ["22########", "80########"]),
    "AU": ("61", "0", ["412######", "433######"], ["29#######", "39#######"]),
    "AE": ("971", "0", ["50#######", "55#######"], ["4#######"]),
    "EG": ("20", "0", ["100#######", "122#######"], ["2########"]),
    "FR": ("33", "0", ["6########", "76#######"], ["14#######", "47#######"]),
    "BE": ("32", "0", ["47#######", "49#######"], ["2#######"]),
    "UA": ("380", "0", ["50#######", "67#######"], ["44#######"]),
    "BG": ("359", "0", ["88#######", "89#######"], ["2#######"]),
    "HK": ("852", "", ["9#######", "6#######"], ["2#######"]),
    "IT": ("39", "", ["347#######", "333#######"], ["02########", "06########"]),
}
TLDS = {"US": "com", "GB": "co.uk", "AU": "com.au", "MX": "com.mx", "TR": "com.tr", "IN": "in", "HK": "com.hk"}

PLACES = {  # (streets), (towns); number and postcode are drawn
    "es": (
        "Av. Juárez|Calle Hidalgo|Blvd. Morelos|Calle 5 de Mayo|Privada Los Pinos|Av. Reforma|Calle Zaragoza|Camino Real",
        "Guadalajara|Monterrey|Puebla|Querétaro|Bogotá|Medellín|Sevilla|Rosario|Córdoba|San Antonio|Mérida|Zapopan",
    ),
    "de": (
        "Hauptstraße|Bahnhofstr.|Gartenweg|Lindenallee|Am Kirchplatz|Goethestraße|Mühlgasse|Schulstr.|Ringstraße|Buchenweg",
        "Berlin|Köln|München|Nürnberg|Wien|Zürich|Görlitz|Lübeck|Bad Tölz|Wuppertal|Graz|Freiburg im Breisgau|Halle (Saale)",
    ),
    "pl": (
        "ul. Długa|ul. Kościuszki|os. Słoneczne|ul. Polna|al. Jana Pawła II|ul. Mickiewicza|ul. Leśna",
        "Warszawa|Kraków|Łódź|Wrocław|Gdańsk|Bielsko-Biała|Rzeszów|Toruń|Białystok|Zakopane",
    ),
    "cs": (
        "Na Příkopě|Husova|Nádražní|Masarykova|Dlouhá|U Lesa|Palackého|Školní",
        "Praha 4|Brno|Ostrava|Plzeň|České Budějovice|Olomouc|Hradec Králové|Ústí nad Labem",
    ),
    "tr": (
        "Atatürk Cad.|İnönü Sok.|Cumhuriyet Bulvarı|Gül Sokak|Bağdat Caddesi|Çınar Sk.",
        "İstanbul|Kadıköy|Ankara|İzmir|Bursa|Üsküdar|Eskişehir|Gaziantep|Duisburg|Rotterdam",
    ),
    "en": (
        "High Street|Maple Avenue|Oak Ln|Church Rd|Station Road|2nd Street|Elm St|Kings Drive|MG Road|Park Avenue|Mill Lane",
        "Austin TX|Leeds|Brooklyn|Manchester|Sydney NSW|Bengaluru|Pune|Chicago|Bristol|Toronto|Sacramento|Mumbai|Perth|Reading",
    ),
    "fr": (
        "rue de la République|avenue Victor-Hugo|chemin des Vignes|place du Marché|rue des Écoles|bd Gambetta|impasse du Moulin",
        "Lyon|Paris 11e|Marseille|Saint-Étienne|Liège|Montréal|Nîmes|Bruxelles|Tours|Aix-en-Provence",
    ),
    "it": (
        "Via Roma|Corso Garibaldi|Via Dante|Piazza Mazzini|Viale dei Mille|Via San Marco",
        "Milano|Torino|Napoli|Bologna|Lugano|Forlì|Reggio Emilia|Palermo",
    ),
    "uk": ("вул. Шевченка|просп. Перемоги|вул. Садова|вул. Лесі Українки", "Київ|Львів|Харків|Одеса|Дніпро|Варна"),
}
