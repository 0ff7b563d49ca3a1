"""Camunda Forms without JavaScript: renders a schema's pages on the server, and validates what is posted.

    form = Form.parse(json.load(file))
    posted = form.initial_post(data)                       # initial values, as a browser would post them
    merged = form.merge_post(posted, page, request.form)   # with the post of one of form.pages
    answers = form.read(merged.posted, data)
    form.problems(page, answers)                           # validation errors of that page
    form.html(page, answers)                               # the page's fields, as GOV.UK components
    answers.values                                         # values to submit, if answers.accepted

Accepts, refuses and submits the same values as form-js 1.8.7, the library of Tasklist 7.24. Form.parse refuses a schema
with an unsupported component or property, with a message that names the component.
"""

from camunda7.forms.answers import Answers
from camunda7.forms.form import Form, Page
from camunda7.forms.posting import MergedPost
from camunda7.forms.schema import UnsupportedForm

__all__ = ["Answers", "Form", "MergedPost", "Page", "UnsupportedForm"]
