"""What can be done with a control, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import ElementHandle, FilePayload

TYPED = {
    "",
    "text",
    "search",
    "email",
    "url",
    "password",
    "tel",
    "number",
    "date",
    "datetime-local",
}
# What a person would type who means it: by the field's name, else by its type.
WORDS = {
    "app_id": "SANDBOX",
    "secret_key": "sandbox-secret",
    "primary_color": "#0a7d4f",
    "logo_url": "",
    "first_name": "花子",
    "last_name": "佐藤",
    "email": "hanako@example.com",
    "date": "2026-01-15",
    "url": "https://example.com/",
    "number": "3",
}
KNOWN = "known@example.com"  # the world has somebody with this address
SEARCHED = ("an", "qqqqq")  # somebody is found, nobody is found
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63606060f80f0001040100" "5fe5c34b0000000049454e44ae426082"
)  # fmt: skip


@dataclass(frozen=True)
class Control:
    """As eyes.js describes it; `kind` finds it again on the page."""

    kind: str
    native: bool
    tag: str
    type: str
    role: str
    name: str
    href: str
    address: str
    target: str
    download: bool
    readonly: bool
    disabled: bool
    current: bool
    accept: str
    field: str
    inForm: bool  # noqa: N815
    asks: tuple[str, ...]  # of its form: the empty fields' names, if it sends the form
    sends: bool  # something that may change rows
    stands: str
    opens: bool
    delay: int

    @property
    def typed(self) -> bool:
        return self.tag == "textarea" or (self.tag == "input" and self.type in TYPED)

    @property
    def leads_out(self) -> bool:
        """To another site or another program: nothing of ours happens there."""
        return self.href.startswith(("http", "mailto:")) and "localhost" not in self.href

    def __str__(self) -> str:
        return f"{self.tag} “{self.name or self.field}”"


Doing = Callable[[ElementHandle], Any]


@dataclass(frozen=True)
class Press:
    """One way to use a control; `sends` whether it should lead to anything by itself."""

    words: str
    do: Doing
    leads_somewhere: bool = True


def words_for(control: Control) -> str:
    return WORDS.get(control.field, WORDS.get(control.type, "Harbour"))


def by_mouse(control: Control) -> list[Press]:
    if control.stands == "skip":
        return []  # shows itself to the keyboard only
    if control.disabled:
        return [Press("click", lambda it: it.click(force=True), False)]
    if control.typed:
        if control.readonly:
            return [Press("click", lambda it: it.click(), False)]
        texts = SEARCHED if control.type == "search" else (words_for(control),)
        return [Press(f"typing “{text}”", typing(text)) for text in texts]
    if control.tag == "select":
        return [Press("choosing the last", lambda it: it.select_option(index=last(it)))]
    if control.type == "file":
        return [Press("choosing a file", choosing_a_file)]
    if control.type == "color":
        return [Press("choosing a color", lambda it: it.fill("#336699"))]
    clicks = [Press("click", lambda it: it.click())]
    return clicks + filled_in(control, "click", lambda it: it.click())


def by_keyboard(control: Control, button_key: str = "Enter") -> list[Press]:
    if control.disabled:
        return [Press("Enter", key("Enter"), False)]
    if control.typed:
        if control.readonly or not control.inForm:
            return [Press("Enter", key("Enter"), False)]
        texts = SEARCHED[:1] if control.type == "search" else (words_for(control),)
        return [Press("Enter", key("Enter"), False)] + [
            Press(f"typing “{text}” and Enter", typing(text, "Enter"), False) for text in texts
        ]
    if control.type in ("checkbox", "radio"):
        return [Press("Space", key(" ")), Press("Enter", key("Enter"), False)]
    if control.tag == "select":
        return [Press("arrow down", key("ArrowDown"))]
    if control.type in ("file", "color"):
        return []  # they open a window of the browser's own
    if control.tag == "button":
        presses = [Press(button_key, key(button_key))]
        return presses + filled_in(control, "Enter", key("Enter"))
    return [Press("Enter", key("Enter"))]


def filled_in(control: Control, how: str, press: Doing) -> list[Press]:
    """The button of a form whose empty fields somebody fills in before."""
    if not control.asks:
        return []
    words: list[tuple[str, dict[str, str]]] = [("", {})]
    if "email" in control.asks:
        words.append((" as somebody known", {"email": KNOWN}))
    return [Press(f"{how} with all filled in{who}", filling(press, more)) for who, more in words]


def filling(press: Doing, words: dict[str, str]) -> Doing:
    def do(button: ElementHandle) -> None:
        fields = button.evaluate_handle("(it) => [...it.form.elements].filter(walk.empty)")
        for field in fields.get_properties().values():
            element = field.as_element()
            assert element is not None
            name, kind = (element.get_attribute(which) or "" for which in ("name", "type"))
            element.fill(words.get(name, WORDS.get(name, WORDS.get(kind, "Harbour"))))
        press(button)

    return do


def key(name: str) -> Doing:
    return lambda it: it.press(name)


def typing(text: str, then: str = "") -> Doing:
    def do(it: ElementHandle) -> None:
        it.fill(text)
        if then:
            it.press(then)

    return do


def last(select: ElementHandle) -> int:
    return int(select.evaluate("(it) => it.options.length - 1"))


def choosing_a_file(field: ElementHandle) -> None:
    zipped = "zip" in (field.get_attribute("accept") or "")
    name, kind, content = (
        ("course.zip", "application/zip", b"PK\x05\x06" + bytes(18))
        if zipped
        else ("logo.png", "image/png", PNG)
    )
    field.set_input_files(FilePayload(name=name, mimeType=kind, buffer=content))
