"""Camunda Forms without JavaScript: renders a schema's pages on the server, and validates what is posted.

    form = Form.parse(json.load(file))
    posted = form.initial_post(data)                       # initial values, as a browser would post them
    filled = form.filled(posted, page, request.form)       # merged with the post of one of form.pages
    answers = form.read(filled.posted, data)
    form.problems(page, answers)                           # validation errors of that page
    form.html(page, answers)                               # its fields, as GOV.UK components
    answers.values                                         # values to submit, if answers.accepted

What form-js 1.8.7 would accept is accepted, what it would refuse is refused, and what it would submit is submitted.
Whatever isn't supported is refused by Form.parse, with a message that names the component.
"""

from camunda7.forms.answers import Answers
from camunda7.forms.form import Form, Page
from camunda7.forms.posting import Filled
from camunda7.forms.schema import UnsupportedForm

__all__ = ["Answers", "Filled", "Form", "Page", "UnsupportedForm"]
