"""The documentation page works as a person uses it: offline, under its own content security policy."""

from playwright.sync_api import Page, expect

from harness.launch import Launched


def open_documentation(page: Page, served_target: Launched) -> list[str]:
    """Open the page and return what the browser complained about; requests to elsewhere are among it."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((served_target.base_url, "data:"))
            else complaints.append(f"asked {request.url}")
        ),
    )
    page.goto(f"{served_target.base_url}/api/docs/")
    expect(page.locator(".opblock").first).to_be_visible()
    return complaints


def test_works_offline_under_its_policy(page: Page, served_target: Launched) -> None:
    """The page asks nobody else for anything, and breaks no rule of its content security policy."""
    assert open_documentation(page, served_target) == []


def test_shows_every_operation(page: Page, served_target: Launched) -> None:
    """Every operation of the document is on the page."""
    open_documentation(page, served_target)
    document = page.request.get(f"{served_target.base_url}/api/openapi.json").json()
    operations = sum(
        len(item.keys() & {"get", "post", "put", "patch", "delete"}) for item in document["paths"].values()
    )
    assert operations > 0
    expect(page.locator(".opblock")).to_have_count(operations)


def test_try_it_out(page: Page, served_target: Launched) -> None:
    """An operation can be tried out, and the answer is shown."""
    open_documentation(page, served_target)
    operation = page.locator(".opblock", has_text="/livez").first
    operation.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
