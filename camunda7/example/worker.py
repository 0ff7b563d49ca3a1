"""Charges cards: `python worker.py` works until Ctrl-C."""

import sys

from camunda7.worker import BpmnError, run, topic


class CardDeclined(BpmnError):
    code = "card_declined"


@topic("invoice.charge_card", errors=(CardDeclined,))
def charge_card(amount: float, card: str) -> dict[str, object]:
    if card.startswith("0"):
        raise CardDeclined
    return {"charged": amount}


def main(url: str = "http://localhost:8080", username: str = "", password: str = "") -> None:
    run(url, charge_card, username=username, password=password)


if __name__ == "__main__":
    main(*sys.argv[1:])
