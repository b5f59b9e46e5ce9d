"""What an owner types about a mailbox, tried on the mail server before it is kept."""

import re
from typing import Any

from django import forms

from leads import imap, mailboxes, vault
from leads.models import Mailbox

CONTROL = {"class": "form-control"}
AGAIN = "Type it in again: the one that is kept belongs to the server and user it was made for."
WHERE = ("host", "port", "user", "auth", "token_url")


class MailboxForm(forms.ModelForm):
    """Secrets are never shown again; left empty, the ones that are kept stay. Valid only when the server let us in."""

    password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs=CONTROL | {"autocomplete": "new-password"}),
    )
    refresh_token = forms.CharField(
        required=False, max_length=5000, widget=forms.PasswordInput(attrs=CONTROL | {"autocomplete": "off"})
    )
    client_secret = forms.CharField(
        required=False, max_length=500, widget=forms.PasswordInput(attrs=CONTROL | {"autocomplete": "off"})
    )
    port = forms.IntegerField(min_value=1, max_value=65535, initial=993, widget=forms.NumberInput(attrs=CONTROL))

    token_url = forms.URLField(
        label="Token address",
        required=False,
        max_length=300,
        assume_scheme="https",
        widget=forms.URLInput(attrs=CONTROL | {"placeholder": "https://"}),
    )

    class Meta:
        model = Mailbox
        fields = ("name", "host", "port", "security", "user", "auth", "client_id", "token_url", "scope")
        widgets = {
            "name": forms.TextInput(attrs=CONTROL | {"placeholder": "Office"}),
            "host": forms.TextInput(attrs=CONTROL | {"placeholder": "imap.example.com"}),
            "user": forms.TextInput(attrs=CONTROL | {"placeholder": "office@example.com", "autocomplete": "off"}),
            "client_id": forms.TextInput(attrs=CONTROL),
            "scope": forms.TextInput(attrs=CONTROL),
            "security": forms.Select(attrs={"class": "form-select"}),
            "auth": forms.Select(attrs={"class": "form-select"}),
        }

    def clean_host(self) -> str:
        host = str(self.cleaned_data["host"]).strip().lower()
        if any(each in host for each in "/ @"):
            raise forms.ValidationError("That is no server name. It looks like imap.example.com.")
        return host

    def clean_token_url(self) -> str:
        url = str(self.cleaned_data["token_url"] or "")
        if url and not re.match(r"https://|http://(localhost|127\.0\.0\.1)[:/]", url):
            raise forms.ValidationError("The token address must begin with https://.")
        return url

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        is_oauth = data.get("auth") == Mailbox.Auth.OAUTH
        if is_oauth:
            for field in ("client_id", "token_url"):
                if not data.get(field) and field not in self.errors:
                    self.add_error(field, "OAuth needs it.")
        same = Mailbox.objects.filter(host=data.get("host"), user=data.get("user")).exclude(pk=self.instance.pk)
        if same.exists():
            self.add_error("user", "This mailbox is in the list already.")
        self._take_secrets(data, is_oauth=is_oauth)
        if not self.errors:
            self._try_out(data)
        return data

    def _take_secrets(self, data: dict[str, Any], *, is_oauth: bool) -> None:
        """What is kept stays only as long as it goes where it went: else whoever may change a mailbox could have its
        password sent to a server of theirs."""
        typed = data.get("refresh_token" if is_oauth else "password") or ""
        is_elsewhere = any(field in self.changed_data for field in WHERE)
        box = self.instance
        self.sealed = {"secret": box.secret, "client_secret": box.client_secret}
        if box.pk and is_elsewhere:
            self.sealed = {"secret": "", "client_secret": ""}
        if typed:
            self.sealed["secret"] = vault.seal(typed)
        if data.get("client_secret"):
            self.sealed["client_secret"] = vault.seal(data["client_secret"])
        if not is_oauth and not self.sealed["secret"]:
            self.add_error("password", AGAIN if box.secret else "Type in the password.")
        if is_oauth and not any(self.sealed.values()):
            said = AGAIN if box.pk else "Type in a refresh token, or the secret of an application."
            self.add_error("refresh_token", said)

    def _try_out(self, data: dict[str, Any]) -> None:
        fields = {name: data[name] for name in self.Meta.fields}
        trial = Mailbox(**fields, **self.sealed)
        try:
            self.found = mailboxes.folders(trial)
        except imap.Refused as refused:
            self.add_error("refresh_token" if trial.auth == Mailbox.Auth.OAUTH else "password", str(refused))
        except vault.Unreadable:
            self.add_error("password", mailboxes.UNREADABLE)
        except imap.Trouble as trouble:
            self.add_error("host", str(trouble))
        else:
            self.trial = trial

    def keep(self) -> Mailbox:
        """Stores what was tried. Call it when the form is valid."""
        box: Mailbox = self.save(commit=False)
        box.secret, box.client_secret = self.trial.secret, self.trial.client_secret
        box.access_token, box.access_until = self.trial.access_token, self.trial.access_until
        box.folder_names = self.found[:500]
        box.save()
        return box
