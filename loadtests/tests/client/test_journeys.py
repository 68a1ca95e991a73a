"""What a journey sees, and what Locust's statistics hear: in processes of their own, which Locust may patch."""

import pytest

from loadtests.tests.client.conftest import Child, Hostile

SUMMARY = "e = events[-1]; say(e['request_type'], e['name'], e['response_length'], str(e['exception']), e['context'])\n"
OUTCOMES = "say([None if e['exception'] is None else str(e['exception']) for e in events])\n"
NOT_FOUND = "HTTP/1.1 404 Not Found\\r\\nContent-Length: 2\\r\\n\\r\\nno"
MISSING = f"missing = script(('send', '{NOT_FOUND}'))\n"
BROKEN = "broken = script(('send', 'garbage'), ('close',))\n"


def test_an_answer(child: Child) -> None:
    """An answer has what those of Locust's clients have."""
    said = child.run(
        "a = client.get('/', headers={'X-One': '1'}, params={'q': 'x y'})\n"
        "say(a.status_code, a.ok, a.headers['content-TYPE'], a.json()['target'], a.json()['headers']['x-one'])\n"
        "say(a.text == a.content.decode(), a.url.endswith('/?q=x+y'), 0 < a.elapsed.total_seconds() < 60)\n"
        "say(a.request_meta['name'], a.raise_for_status(), 'X-None' in a.headers)\n"
    )
    assert said == [[200, True, "application/json", "/?q=x+y", "1"], [True, True, True], ["/", None, False]]


def test_every_method(child: Child) -> None:
    """There is a call for each method, and `request` for others."""
    source = (
        "for verb in ('get', 'post', 'put', 'patch', 'delete', 'options'):\n"
        "    say(getattr(client, verb)('/').json()['method'])\n"
        "say(client.head('/').content.decode())\nsay(client.request('PURGE', '/').json()['method'])\n"
    )
    methods = [["GET"], ["POST"], ["PUT"], ["PATCH"], ["DELETE"], ["OPTIONS"], [""], ["PURGE"]]
    assert child.run(source) == methods


def test_the_event(child: Child) -> None:
    """Locust's event hears of each request once, by its name, with its context."""
    said = child.run(
        "client.post('/things/7', name='/things/{id}', json={'a': 1}, context={'b': 2})\n"
        + SUMMARY
        + "say(len(events), abs(e['start_time'] - __import__('time').time()) < 60, e['response'].status_code)\n"
        "say(e['response_time'] > 0, e['url'].endswith('/things/7'))\n"
        "with client.rename_request('group'):\n    client.get('/a')\n"
        "say(events[-1]['name'])\n"
    )
    assert said[0][:2] == ["POST", "/things/{id}"]
    assert said[0][3:] == ["None", {"b": 2}]
    assert said[1:] == [[1, True, 200], [True, True], ["group"]]


def test_the_users_own_context(child: Child) -> None:
    """The user's context goes with every request; that of the request has the last word."""
    said = child.run(
        "client.get('/')\nclient.get('/', context={'b': 3})\nsay([e['context'] for e in events])",
        "context = lambda self: {'a': 1, 'b': 2}",
    )
    assert said == [[[{"a": 1, "b": 2}, {"a": 1, "b": 3}]]]


def test_failures_without_an_answer(child: Child) -> None:
    """Without an answer there is status 0, an error, and a failure; nothing is raised."""
    said = child.run(
        BROKEN + "a = client.get(broken)\n"
        "say(a.status_code, a.ok, type(a.error).__name__, a.content.decode(), a.text, dict(a.headers))\n"
        "say(type(events[-1]['exception']).__name__, events[-1]['response_length'])\n"
        "for call in (a.raise_for_status, a.json):\n"
        "    try: call()\n"
        "    except type(a.error) as error: say(str(error))\n"
    )
    assert said[0] == [0, False, "BadAnswer", "", "", {}]
    assert said[1] == ["BadAnswer", 0]
    assert said[2] == said[3] == ["the head of the answer is not HTTP/1.1"]


def test_bad_statuses_fail(child: Child) -> None:
    """A status of 400 or more is a failure, whose text is the same for every object."""
    assert child.run(MISSING + "client.get(missing)\n" + OUTCOMES) == [[["answered 404"]]]


def test_catch_response(child: Child) -> None:
    """In a with-block the journey judges; without a verdict the status does. Nothing is reported before its end."""
    said = child.run(
        MISSING + "with client.get(missing, catch_response=True) as a: a.success()\n"
        "with client.get('/', catch_response=True) as a: a.failure('odd'); say(len(events))\n"
        "with client.get(missing, catch_response=True) as a: pass\n"
        "with client.get('/', catch_response=True) as a: pass\n" + OUTCOMES
    )
    assert said == [[1], [[None, "odd", "answered 404", None]]]


def test_errors_in_a_with_block(child: Child) -> None:
    """As in Locust: a ResponseError is a verdict; any other error leaves the block, reported only if judged before."""
    said = child.run(
        "from locust.exception import ResponseError\n"
        "with client.get('/', catch_response=True) as a: raise ResponseError('wrong')\n"
        "for judged in (False, True):\n"
        "    try:\n"
        "        with client.get('/', catch_response=True) as a:\n"
        "            a.failure('judged') if judged else None\n"
        "            raise KeyError('bug')\n"
        "    except KeyError: say(len(events))\n" + OUTCOMES
    )
    assert said == [[1], [2], [["wrong", "judged"]]]


def test_reading_an_answer_that_did_not_come(child: Child) -> None:
    """A with-block that reads the JSON of no answer ends there, and the request fails for its own reason."""
    said = child.run(
        BROKEN + "with client.get(broken, catch_response=True) as a: say(a.json())\nsay('on')\n" + OUTCOMES
    )
    assert said == [["on"], [["the head of the answer is not HTTP/1.1"]]]


def test_verdicts_need_a_with_block(child: Child) -> None:
    """Outside a with-block there is nothing to judge."""
    said = child.run(
        "from locust.exception import LocustError\n"
        "for a in (client.get('/'), client.get('/', catch_response=True)):\n"
        "    for call in (a.success, lambda: a.failure('x')):\n"
        "        try: call()\n"
        "        except LocustError: say('refused')\n"
    )
    assert said == [["refused"]] * 4


def test_changed_request_meta(child: Child) -> None:
    """What a journey changes in `request_meta` is what Locust hears."""
    source = "with client.get('/', catch_response=True) as a: a.request_meta['name'] = 'other'\nsay(events[-1]['name'])"
    assert child.run(source) == [["other"]]


def test_rest(child: Child) -> None:
    """Locust's `rest` works."""
    source = "with user.rest('POST', '/', json={}) as a: say(a.js['method'])\n" + OUTCOMES
    assert child.run(source) == [["POST"], [[None]]]


def test_invalid_requests_are_raised(child: Child) -> None:
    """What cannot be sent is the journey's mistake: raised, and nothing is counted."""
    source = "try: client.get('/', headers={'X': 'a\\r\\nb'})\nexcept ValueError: say(len(events))"
    assert child.run(source) == [[0]]


def test_a_body_that_raises(child: Child) -> None:
    """An iterator that raises while it is sent fails its request, and the error reaches the journey."""
    source = (
        "def body():\n    yield b'x'\n    raise KeyError('bug')\n"
        "try: client.post('/', data=body())\nexcept KeyError: say([repr(e['exception']) for e in events])\n"
        "say(client.get('/').status_code)"
    )
    assert child.run(source) == [[["KeyError('bug')"]], [200]]


def test_hooks(child: Child) -> None:
    """What replaces the hooks is told of each request: before it, when its answer is there, and of its outcome."""
    said = child.run(
        "log = []\n"
        "client.admit = lambda method, name: log.append(('admit', method, name)) or len(log)\n"
        "client.report = lambda x: log.append(('report', x.token, x.name, x.status, str(x.error), x.service_s > 0))\n"
        "client.answered = lambda token, service_s: log.append(('answered', token, service_s > 0))\n"
        "client.get('/', name='plain')\n"
        "with client.get('/', name='judged', catch_response=True) as a: log.append('judging'); a.failure('no')\n"
        "say(*log)\nsay(len(events))"
    )
    assert said[0] == [
        ["admit", "GET", "plain"],
        ["report", 1, "plain", 200, "None", True],
        ["admit", "GET", "judged"],
        ["answered", 3, True],
        "judging",
        ["report", 3, "judged", 200, "no", True],
    ]
    assert said[1] == [0]


def test_gzip(child: Child) -> None:
    """Gzip is offered, counted as sent, and unpacked when somebody looks."""
    said = child.run(
        "import gzip\npacked = gzip.compress(b'hello ' * 100)\n"
        "head = f'{OK}Content-Encoding: gzip\\r\\nContent-Length: {len(packed)}\\r\\n\\r\\n'\n"
        "a = client.get(script(('send', head + packed.decode('latin-1'))))\n"
        "say(a.text == 'hello ' * 100, a.length == len(packed))\n"
        "bad = client.get(script(('send', head + 'x' * len(packed))), catch_response=True)\n"
        "with bad as a: say(a.text)\n" + OUTCOMES
    )
    assert said[0] == [True, True]
    assert said[1][0][1].startswith("the body says it is gzip")


def test_charsets(child: Child) -> None:
    """Text is decoded by its charset; unknown ones, and none, are UTF-8."""
    said = child.run(
        "for charset, text in (('latin-1', 'ü'), ('nonsense', 'ü'.encode().decode('latin-1'))):\n"
        "    head = f'{OK}Content-Type: text/plain; charset={charset}\\r\\nContent-Length: {len(text)}\\r\\n\\r\\n'\n"
        "    say(client.get(script(('send', head + text))).text)\n"
    )
    assert said == [["ü"], ["ü"]]


def test_cookies(child: Child) -> None:
    """Cookies come back to where they belong: by path, not when expired, and Secure ones not over plain HTTP."""
    said = child.run(
        "for cookie in ('a=1', 'b=2; Path=/deep', 'c=3; Max-Age=0', 'd=4; Secure', 'e=5; Domain=elsewhere.example'):\n"
        "    client.get(script(('send', f'{OK}Set-Cookie: {cookie}; Path=/\\r\\nContent-Length: 0\\r\\n\\r\\n'\n"
        "        if 'Path' not in cookie else f'{OK}Set-Cookie: {cookie}\\r\\nContent-Length: 0\\r\\n\\r\\n')))\n"
        "for path in ('/', '/deep/er', '/?again'): say(client.get(path).json()['headers'].get('cookie'))\n"
        "client.cookies.clear()\nsay(client.get('/').json()['headers'].get('cookie'))\n"
        "say(client.get('/', headers={'Cookie': 'own=1'}).json()['headers'].get('cookie'))\n"
    )
    assert [sorted((line[0] or "").split("; ")) for line in said] == [["a=1"], ["a=1", "b=2"], ["a=1"], [""], ["own=1"]]


def redirect(status: int, location: str) -> str:
    """Return an expression: the path that redirects."""
    head = f"HTTP/1.1 {status} Moved\\r\\nLocation: {location}\\r\\nContent-Length: 0\\r\\n\\r\\n"
    return f"script(('body',), ('send', '{head}'))"


def test_redirects_are_not_followed_unasked(child: Child) -> None:
    """A redirect is an answer."""
    assert child.run(f"say(client.get({redirect(302, '/')}).status_code)\n" + OUTCOMES) == [[302], [[None]]]


@pytest.mark.parametrize(
    ("status", "before", "after"),
    [(301, "POST", "GET"), (302, "POST", "GET"), (303, "PUT", "GET"), (302, "PUT", "PUT"), (307, "POST", "POST"),
     (308, "POST", "POST"), (303, "HEAD", "HEAD")],
)  # fmt: skip
def test_redirects_when_asked(child: Child, status: int, before: str, after: str) -> None:
    """Followed, a redirect keeps or drops method and body as browsers do, and is one request to Locust."""
    said = child.run(
        f"a = client.request('{before}', {redirect(status, '/there')}, data='body', allow_redirects=True)\n"
        "j = a.json() if a.content else {'method': 'HEAD', 'length': 4}\n"
        "say(j['method'], j['length'], 'content-type' in j.get('headers', {}), a.url.endswith('/there'), len(events))"
    )
    assert said == [[after, 0 if after == "GET" else 4, False, True, 1]]


def test_redirects_send_files_again(child: Child) -> None:
    """A file that a redirect asks for again is sent again from where it was, alone and in a form."""
    said = child.run(
        "import io\n"
        f"moved = {redirect(307, '/there')}\n"
        "file = io.BytesIO(b'skip' + b'x' * 100)\nfile.seek(4)\n"
        "say(client.post(moved, data=file, allow_redirects=True).json()['length'])\nfile.seek(4)\n"
        "say(client.post(moved, files={'f': file}, allow_redirects=True).json()['beginning'].count('x' * 100))\n"
    )
    assert said == [[100], [1]]


def test_redirects_to_another_origin(child: Child, hostile: Hostile) -> None:
    """Another origin gets neither Authorization nor the Cookie header."""
    source = (
        f"a = client.get({redirect(302, hostile.good + '/')}, allow_redirects=True, auth=('a', 'b'),\n"
        "    headers={'Cookie': 'a=1', 'X-Other': '1'})\nsay(sorted(a.json()['headers']))"
    )
    settings = f"verify = {str(hostile.certificates.authority)!r}"
    assert child.run(source, settings) == [[["accept", "accept-encoding", "host", "user-agent", "x-other"]]]


def test_redirects_that_cannot_be_followed(child: Child) -> None:
    """Endless ones, those to nowhere, and those that need a spent body fail."""
    said = child.run(
        f"client.get({redirect(302, '/')}, allow_redirects=True)\n"
        f"client.get({redirect(302, 'mailto:a@b')}, allow_redirects=True)\n"
        f"client.post({redirect(307, '/')}, data=iter(['x']), allow_redirects=True)\n"
        "step = script(('send', 'HTTP/1.1 302 Found\\r\\nLocation: ?again\\r\\nContent-Length: 0\\r\\n\\r\\n'))\n"
        "client.get(step, allow_redirects=True)\n" + OUTCOMES
    )
    none, nowhere, spent, endless = said[0][0]
    assert none is None
    assert "no http or https" in nowhere
    assert "only once" in spent
    assert endless == "more than 30 redirects"


def test_streams(child: Child) -> None:
    """A stream is reported at its end, with its whole length and duration; its connection is used again."""
    said = child.run(
        "say(client.get('/').json()['connections'])\n"
        "a = client.get(script(('drip', f'{OK}Content-Length: 5\\r\\n\\r\\nhello', 0.01)), stream=True)\n"
        "say(a.status_code, len(events))\n"
        "say(b''.join(a.iter_content()).decode(), len(events), events[-1]['response_length'])\n"
        "say(a.elapsed.total_seconds() > 0.04)\n"
        "say(client.get('/').json()['connections'])\n"
    )
    assert said[1:3] == [[200, 1], ["hello", 2, 5]]
    assert said[3] == [True]
    assert said[0] == said[4]


@pytest.mark.parametrize("end", ["a.close()", "del a", "next(a.iter_lines())\ndel a"])
def test_streams_that_are_left(child: Child, end: str) -> None:
    """A stream that is closed, or dropped, is reported then, and its connection closed."""
    said = child.run(
        "a = client.get(script(('send', f'{OK}Content-Length: 50\\r\\n\\r\\nhello\\n'), ('hang',)), stream=True)\n"
        f"{end}\n" + OUTCOMES + "say(client.get('/').status_code)"
    )
    assert said == [[[None]], [200]]


def test_streams_that_break(child: Child) -> None:
    """A stream that breaks raises where it is read, and is a failure."""
    said = child.run(
        "broken = script(('send', f'{OK}Content-Length: 50\\r\\n\\r\\nhello'), ('close',))\n"
        "try: list(client.get(broken, stream=True).iter_content())\n"
        "except Exception as error: say(type(error).__name__)\n"
        "with client.get(broken, stream=True, catch_response=True) as a: list(a.iter_lines())\n" + OUTCOMES
    )
    assert said[0] == ["ConnectionLost"]
    assert said[1] == [["the server closed the connection within the body of the answer"] * 2]


def test_huge_bodies_are_not_held(child: Child) -> None:
    """100 MB down, beyond the limit or streamed, and 100 MB up take less than 20 MB of memory."""
    said = child.run(
        "import tempfile\n"
        "peak = lambda: int(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1]) / 1024\n"
        "huge = script(('send', f'{OK}Content-Length: 100000000\\r\\n\\r\\n'), ('send', 'x' * 10_000, 10_000))\n"
        "client.get('/')\nbefore = peak()\n"
        "say(client.get(huge).length, sum(map(len, client.get(huge, stream=True).iter_content())))\n"
        "say(client.post('/', data=(b'x' * 100_000 for _ in range(1_000))).json()['length'])\n"
        "with tempfile.TemporaryFile() as file:\n"
        "    file.truncate(100_000_000)\n"
        "    say(client.post('/', files={'f': file}).json()['length'] > 100_000_000)\n"
        "say(peak() - before)\n",
        "body_limit = 2**20",
    )
    assert said[:3] == [[100_000_000, 100_000_000], [100_000_000], [True]]
    assert said[3][0] < 20


def test_requests_leave_no_garbage(child: Child) -> None:
    """A thousand requests, judged and failed ones among them, make no reference cycle: no pause for the collector."""
    said = child.run(
        BROKEN + MISSING + "import gc\n"
        "events.clear(); environment.events.request._handlers.clear()\n"
        "def once():\n"
        "    client.get('/')\n"
        "    client.get('/', headers={'X': '1'})\n"
        "    client.get(missing)\n"
        "    client.get(broken)\n"
        "    with client.get(missing, catch_response=True) as a: a.success()\n"
        "    with client.get(broken, catch_response=True) as a: a.json()\n"
        "    with client.get('/', catch_response=True) as a: a.request_meta['name'] = 'x'; a.failure('no')\n"
        "    list(client.get('/', stream=True).iter_content())\n"
        "    client.post('/', json={'a': 1})\n"
        "    client.get('/', allow_redirects=True)\n"
        "once(); gc.collect(); gc.disable(); gc.set_debug(gc.DEBUG_SAVEALL)\n"
        "for _ in range(100): once()\n"
        "gc.collect()\nsay(sorted({type(found).__name__ for found in gc.garbage}), len(gc.garbage))\n"
    )
    assert said == [[[], 0]]


def test_a_locust_run(child: Child) -> None:
    """Users of a real runner count in Locust's statistics, and close their connections when they stop."""
    said = child.run(
        "import gevent, psutil\nfrom locust import task\n"
        "kind = type(user)\nkind.tasks = [lambda u: u.client.get('/')]\n"
        "environment.user_classes = [kind]\nrunner = environment.create_local_runner()\n"
        "runner.start(5, spawn_rate=5)\n"
        "while environment.stats.total.num_requests < 100: gevent.sleep(0.01)\n"
        "runner.quit(); runner.greenlet.join(10)\n"
        "say(environment.stats.total.num_failures, sorted(key[0] for key in environment.stats.entries))\n"
        "say(len([c for c in psutil.Process().net_connections() if c.status == 'ESTABLISHED']))\n"
    )
    assert said == [[0, ["/"]], [0]]
