"""Names of people as they are: what a file, a table and a page must be able to hold."""

NAMES = (
    "Ann Lee",
    "O'Hara, Conan Jr.",
    "Müller-Lüdenscheidt, Jürgen",
    'Ann "Annie" Smith',
    "김철수",
    "王小明",
    "نور الهدى",
    "דוד לוי",
    "Дмитрий Иванов",
    "हिन्दी शर्मा",
    "Nguye\u0302\u0303n Va\u0306n A",  # combining marks
    "Zoë 🎓 Strange",
    "=1+2",
    "@import",
    "+49 Plus",
    "-Dash",
    "con",
    "NUL",
    "x" * 300,
    "<script>alert(1)</script>",
    "a, b; c\td",
)
