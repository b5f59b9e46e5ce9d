from django import forms
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import User

from basecamp import setup


class SetupForm(BaseUserCreationForm):
    """The owner's account and the one-time code."""

    code = forms.CharField(
        label="One-time code",
        max_length=40,
        help_text="It stands in the terminal in which baseCamp was started.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autofocus": True}),
    )

    class Meta:
        model = User
        fields = ("username", "email")

    field_order = ("code", "username", "email", "password1", "password2")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = ""
        self.fields["username"].widget.attrs |= {"autofocus": False, "autocomplete": "username"}
        self.fields["password1"].help_text = "At least 8 characters, and not one of the usual ones."
        self.fields["password2"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"

    def clean_code(self) -> str:
        if not setup.is_right_code(self.cleaned_data["code"]):
            raise forms.ValidationError("That is not the code in the terminal.", code="wrong_code")
        return str(self.cleaned_data["code"])
