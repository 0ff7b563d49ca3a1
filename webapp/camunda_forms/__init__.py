"""Camunda Forms on the server: a schema goes in; a page, errors and typed values come out.

    form = Form.parse(json.load(file))
    answers = form.begun(values)           # what is known already
    answers = form.read(posted)            # posted: werkzeug's MultiDict
    answers.errors, answers.unseen         # what is wrong, what has yet to be asked
    answers.values                         # what to submit
    form.html(answers)                     # the fields, as GOV.UK components

What form-js 1.8.7 would accept is accepted, what it would refuse is refused. A component outside of what is
supported is refused by Form.parse, with a message that names it.
"""

from webapp.camunda_forms.answers import Answers
from webapp.camunda_forms.form import Form
from webapp.camunda_forms.schema import UnsupportedForm

__all__ = ["Answers", "Form", "UnsupportedForm"]
