"""A stranger's service: a library of books in memory. `python service.py PORT`; it knows nothing of Proving Ground.

What a maker of journeys must get right: lists under another name than `items`, ids called otherwise than the path's
parameter, an admin's route, an optional filter, a required one with a pattern, a body with a reference to itself, one
object that does not like the same twice, a route that is broken, a logout.
"""

import itertools
import sys
from http import HTTPStatus
from typing import Any

from flask import Flask, jsonify, request
from werkzeug.serving import WSGIRequestHandler

app = Flask(__name__)
numbers = itertools.count(100)
books: dict[str, dict[str, Any]] = {f"b{n}": {"bookId": f"b{n}", "title": f"Book {n}"} for n in range(3)}
loans: dict[int, str] = {}
TOKENS = {"ann": "t-ann", "ben": "t-ben", "root": "t-root"}


def who() -> str | None:
    """Return who asks."""
    given = request.headers.get("X-Token", "")
    return next((name for name, token in TOKENS.items() if token == given), None)


@app.before_request
def check() -> Any:
    """Let nobody in who is not known, and only root to what is root's."""
    if f"{request.method} {request.path}" in {"GET /", "POST /login", "GET /v2/books"}:
        return None
    if who() is None:
        return "", HTTPStatus.UNAUTHORIZED
    return ("", HTTPStatus.FORBIDDEN) if request.path.startswith("/v2/members") and who() != "root" else None


@app.get("/")
def ready() -> str:
    """Be ready."""
    return "ready"


@app.post("/login")
def login() -> Any:
    """Log in."""
    return jsonify(token=TOKENS[request.get_json()["user"]])


@app.post("/v2/logout")
@app.get("/v2/logout")
def logout() -> Any:
    """End the session: nobody of that name gets in any more."""
    TOKENS.pop(str(who()))
    return "", HTTPStatus.NO_CONTENT


@app.route("/v2/books", methods=["GET", "POST"])
def shelf() -> Any:
    """List books, or put one there."""
    if request.method == "GET":
        return jsonify(shelf=list(books.values()))
    name = f"n{next(numbers)}"
    books[name] = {"bookId": name, **request.get_json()}
    return jsonify(books[name]), HTTPStatus.CREATED


@app.route("/v2/books/<book>", methods=["GET", "PUT", "DELETE"])
def one_book(book: str) -> Any:
    """Read, replace or remove a book."""
    if book not in books:
        return "", HTTPStatus.NOT_FOUND
    if request.method == "DELETE":
        del books[book]
        return "", HTTPStatus.NO_CONTENT
    if request.method == "PUT":
        books[book] |= request.get_json()
    return jsonify(books[book])


@app.get("/v2/books/<book>/pages/<int:page>")
def page(book: str, page: int) -> Any:
    """Read a page; each book has two."""
    return jsonify(page=page) if book in books and page in {1, 2} else ("", HTTPStatus.NOT_FOUND)


@app.get("/v2/search")
def search() -> Any:
    """Search by a shelf mark."""
    mark = request.args.get("mark", "")
    return jsonify([]) if len(mark) == 6 and mark[:3].isupper() else ("", HTTPStatus.UNPROCESSABLE_ENTITY)


@app.get("/v2/members")
def members() -> Any:
    """List members: for root."""
    return jsonify(sorted(TOKENS))


@app.get("/v2/members/<name>")
def member(name: str) -> Any:
    """Read a member: for root."""
    return jsonify(name=name)


@app.post("/v2/badges")
def badge() -> Any:
    """Give out a badge, each once."""
    number = request.get_json()["number"]
    if number in loans:
        return "", HTTPStatus.CONFLICT
    loans[number] = str(who())
    return jsonify(number=number), HTTPStatus.CREATED


@app.get("/v2/broken")
def broken() -> Any:
    """Fail, always."""
    return "", HTTPStatus.INTERNAL_SERVER_ERROR


if __name__ == "__main__":
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    app.run(port=int(sys.argv[1]), threaded=True)
