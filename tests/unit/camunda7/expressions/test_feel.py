import pytest

from camunda7.expressions.feel import Expression, UnsupportedExpression

VALUES = {"n": 3, "text": "yes", "flag": True, "nothing": None, "many": ["a", "b"], "who": {"age": 40}}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('=text = "yes"', True),
        ('=text != "yes"', False),
        ("=n > 2", True),
        ("=n >= 3 and n <= 3", True),
        ("=n < 3 or flag", True),
        ("=missing = null", True),
        ("=nothing != null", False),
        ("=missing > 2", None),
        # a text is compared with single letters only; feelin throws otherwise
        ('=text > "no"', None),
        ('=text > "a"', True),
        ('=n = "3"', None),
        ("=flag = true", True),
        ("=not(flag)", False),
        ("=not(nothing)", None),
        ("=nothing and flag", None),
        ("=nothing and not(flag)", False),
        ("=nothing or flag", True),
        ('=list contains(many, "a")', True),
        ('=list contains(many, "c")', False),
        ('=list contains(text, "yes")', True),
        ("=who.age >= 40", True),
        ("=who.name = null", True),
        ('=(n = 1 or n = 3) and text = "yes"', True),
        ("=1.5 < n", True),
    ],
)
def test_the_value_of_an_expression(expression: str, value: object) -> None:
    assert Expression(expression).evaluate(VALUES) is value


@pytest.mark.parametrize(
    "expression",
    [
        "=n +",
        "=n + 1",
        "=(n",
        "=for x in y return x",
        "=",
        '="a',
        "=n n",
        "=not flag",
        "=1 < n < 3",
        "=count",
        '="a\\n"',
    ],
)
def test_an_unsupported_expression_is_refused(expression: str) -> None:
    with pytest.raises(UnsupportedExpression):
        Expression(expression)


@pytest.mark.parametrize(
    ("expression", "hides"),
    [("=flag", True), ("=not(n)", True), ("=(not(n))", None), ("=[null]", True), ("=text", False), ("=missing", None)],
)
def test_a_condition_is_evaluated_as_a_unary_test_of_null(expression: str, hides: object) -> None:
    assert Expression(expression).test(VALUES) is hides
