"""Camunda Forms on the server: a schema goes in; pages, problems and typed values come out.

    form = Form.parse(json.load(file))
    posted = form.begun(data)                              # what is known already, as a browser would post it
    filled = form.filled(posted, page, request.form)       # and what was posted now, from one of form.pages
    answers = form.read(filled.posted, data)
    form.problems(page, answers)                           # what is wrong on that page
    form.html(page, answers)                               # its fields, as GOV.UK components
    answers.values                                         # what to submit, once answers.accepted

What form-js 1.8.7 would accept is accepted, what it would refuse is refused, and what it would submit is submitted.
Whatever isn't supported is refused by Form.parse, with a message that names the component.
"""

from camunda7.forms.answers import Answers
from camunda7.forms.form import Form, Page
from camunda7.forms.posting import Filled
from camunda7.forms.schema import UnsupportedForm

__all__ = ["Answers", "Filled", "Form", "Page", "UnsupportedForm"]
