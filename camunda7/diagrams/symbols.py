"""SVG paths of symbols within shapes, relative to the shape's centre or upper left corner."""

# in the upper left corner of a task
TASKS = {
    "userTask": "M5 17v-2c0-3 2-5 5-5s5 2 5 5v2z M7 6a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
    "serviceTask": "M10 4v2M10 14v2M4 10h2M14 10h2M6 6l1.4 1.4M12.6 12.6L14 14M14 6l-1.4 1.4M7.4 12.6L6 14"
    "M7 10a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
    "businessRuleTask": "M4 5h13v10h-13z M4 8h13 M8 8v7 M4 11.5h13",
    "receiveTask": "M4 5h13v9h-13z M4 5l6.5 5l6.5-5",
    "sendTask": "M4 5h13v9h-13z M4 5l6.5 5l6.5-5",
    "manualTask": "M4 11l5-5h7v2h-5h6v2h-6h5v2h-5h4v2h-8c-2 0-3-1-4-3",
    "scriptTask": "M7 4h9c-4 4 3 8-2 12h-9c5-4-2-8 2-12z M8 8h5 M8 12h5",
}
# filled: throwing, as opposed to catching
FILLED_TASKS = ("sendTask",)
EVENTS = {
    "timer": "M-9 0a9 9 0 1 0 18 0a9 9 0 1 0-18 0 M0-6v6l4 3",
    "message": "M-8-6h16v11h-16z M-8-6l8 6l8-6",
    "escalation": "M0-9l6 15l-6-5l-6 5z",
    "error": "M-8 7l5-13l5 7l6-9l-4 14l-6-7z",
    "signal": "M0-8l8 13h-16z",
    "terminate": "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0",
    "conditional": "M-6-8h12v16h-12z M-4-5h8 M-4-1.7h8 M-4 1.7h8 M-4 5h8",
    "link": "M-8-3h9v-4l7 7l-7 7v-4h-9z",
    "compensate": "M0-6v12l-8-6z M8-6v12l-8-6z",
    "cancel": "M-8-5l3-3l5 5l5-5l3 3l-5 5l5 5l-3 3l-5-5l-5 5l-3-3l5-5z",
    "multiple": "M0-8l8 6l-3 9h-10l-3-9z",
    "parallelMultiple": "M-3-8h6v5h5v6h-5v5h-6v-5h-5v-6h5z",
}
PENTAGON = "M0-7l7 5l-3 8h-8l-3-8z"
CROSS, PLUS = "M-7-9l14 18 M7-9l-14 18", "M0-11v22 M-11 0h22"
GATEWAYS = {
    "exclusiveGateway": CROSS,
    "parallelGateway": PLUS,
    "inclusiveGateway": "M-11 0a11 11 0 1 0 22 0a11 11 0 1 0-22 0",
    "complexGateway": "M0-11v22 M-11 0h22 M-8-8l16 16 M8-8l-16 16",
}
# markers at an activity's lower edge, relative to the centre of each
COLLAPSED = "M-7-7h14v14h-14z M0-4v8 M-4 0h8"
LOOPS = {
    "standard": "M-2 5a6 6 0 1 1 4 0 M-6 5h4v-4",
    "parallel": "M-4-5v10 M0-5v10 M4-5v10",
    "sequential": "M-5-4h10 M-5 0h10 M-5 4h10",
}
COMPENSATES = "M0-5v10l-6-5z M6-5v10l-6-5z"
AD_HOC = "M-7 1c3-6 5-4 7-1s4 4 7-2"
# in the upper left corner of data inputs and outputs
DATA = {"dataInput": "M3 7h7v-3l5 5l-5 5v-3h-7z", "dataOutput": "M3 7h7v-3l5 5l-5 5v-3h-7z"}
FILLED_DATA = ("dataOutput",)
