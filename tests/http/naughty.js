// naughty.js -- texts that have broken other programs, kept for the tests: each is something a person or a program could type
// into a field. Sources: the Big List of Naughty Strings, OWASP's cheat sheets, and what was found here. Not a test.
"use strict";
const A = (n, s = "a") => s.repeat(n);

const markup = [
  "<script>alert(1)</script>", "<ScRiPt>alert(1)</sCrIpT>", "<script src=//evil.example/x.js></script>", "<script\x20type=\"text/javascript\">alert(1);</script>", "<img src=x onerror=alert(1)>", "<img/src=x/onerror=alert(1)>",
  "<svg onload=alert(1)>", "<svg><script>alert&#40;1&#41;</script>", "<svg><animate onbegin=alert(1) attributeName=x dur=1s>", "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "<iframe srcdoc='<script>alert(1)</script>'>",
  "<iframe src=javascript:alert(1)>", "<body onload=alert(1)>", "<input autofocus onfocus=alert(1)>", "<details open ontoggle=alert(1)>", "<video><source onerror=alert(1)>", "<a href=javascript:alert(1)>x</a>", "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
  "<form action=//evil.example><button>x</button>", "<base href=//evil.example/>", "<meta http-equiv=refresh content=0;url=//evil.example>", "<link rel=stylesheet href=//evil.example/x.css>", "<style>*{background:url(//evil.example)}</style>", "<object data=//evil.example>",
  "<embed src=//evil.example>", "<template><script>alert(1)</script></template>", "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<!--<img src=\"--><img src=x onerror=alert(1)//\">", "<![CDATA[<script>alert(1)</script>]]>", "<?xml version=\"1.0\"?><x/>",
  "</title><script>alert(1)</script>", "</textarea><script>alert(1)</script>", "</style><script>alert(1)</script>", "</script><script>alert(1)</script>", "\"><script>alert(1)</script>", "'><script>alert(1)</script>", "\" onmouseover=\"alert(1)", "' onmouseover='alert(1)",
  "` onmouseover=`alert(1)", "\" autofocus onfocus=alert(1) x=\"", "x\" style=\"position:fixed;inset:0\" y=\"", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", " javascript:alert(1)", "vbscript:msgbox(1)", "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
  "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;alert(1)&#60;/script&#62;", "&#x3c;script&#x3e;", "&amp;lt;b&amp;gt;", "&", "&amp;", "&nbsp;", "&#0;", "&#xD800;", "&notanentity;", "<", ">", "<<<>>>", "< script >", "<b", "<x:y z>", "\\x3cscript\\x3e", "\\u003cscript\\u003e", "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
  "<p onclick=alert(1)>x", "<marquee onstart=alert(1)>", "<select autofocus onfocus=alert(1)>", "<keygen autofocus onfocus=alert(1)>", "<isindex action=javascript:alert(1)>", "<div style=\"width:expression(alert(1))\">",
];
const templates = [
  "{{name}}", "{{{name}}}", "{{&name}}", "{{#client}}{{/client}}", "{{>layout/staff}}", "{{<layout/staff}}{{/layout/staff}}", "{{=<% %>=}}", "{{", "}}", "{{{", "{{! }}", "{{/main}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{% if 1 %}", "[[7*7]]", "{{7*7}}", "{{constructor.constructor('alert(1)')()}}", "$(id)", "`id`", "%(name)s", "{0}", "{}", "{name}", "<!--#exec cmd=\"id\"-->",
];
const sql = [
  "'", "''", "\"", "\\", "\\'", "';", "'--", "' OR '1'='1", "' OR 1=1 --", "1; DROP TABLE app.client; --", "'; DROP TABLE app.client; --", "Robert'); DROP TABLE students;--", "') OR ('1'='1", "1' AND SLEEP(5)--", "'; SELECT pg_sleep(5); --", "' || pg_sleep(5) || '", "1 UNION SELECT NULL, version()", "' UNION SELECT phc FROM sec.credential --", "$$", "$1", "$tag$x$tag$", "E'\\x00'", "U&'\\0061'",
  "/* x */", "*/", "--", "-- x", ";", "%", "_", "%%", "\\%", "name ~ '.*'", "(SELECT 1)", "NULL", "null", "undefined", "true", "false", "nil", "None", "NaN", "Infinity", "-Infinity", "0", "-0", "-1", "1e309", "0x0", "9223372036854775808", "-9223372036854775809", "1,000", "1.0", "00001", "''::uuid", "CASE WHEN 1=1 THEN 1 END", "foyer.tenant_id", "app.client", "\\c postgres", "\\copy x from program 'id'", ":name", ":'v1'", "?", "??", "@x",
];
const paths = [
  "../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "file:///etc/passwd", "%2e%2e%2f", "%00", "%0d%0aX-Injected: yes", "%s%s%s%s%n", "%x%x%x%x", "%p", "%n", "%99999d", "| id", "; id", "&& id", "$(touch /tmp/x)", "() { :;}; echo x", "CON", "NUL", "LPT1", ".", "..", "...", "~", "*", "-rf", "--help", "//evil.example", "/\\evil.example", "http://evil.example/", "http://169.254.169.254/", "\\\\evil\\x", "a/b/c", "C:\\x",
  "=HYPERLINK(\"//evil.example\")", "=1+1", "+1+1", "-1+1", "@SUM(1)", "=cmd|' /C calc'!A0", "x@evil.example\nBcc: y@evil.example".replace("\n", " "), "<x@evil.example>", "\"x\" <x@evil.example>", "a@b.c,d@e.f",
];
const letters = [
  "Zoë", "Zoe\u0308", "Ünal-Şahin", "O'Brien", "O’Brien", "D’Angelo", "Nguyễn Thị Ánh", "王芳", "田中さん", "Владимир", "Ελένη", "שלום", "مرحبا بالعالم", "नमस्ते", "สวัสดี", "한글", "ქართული", "ᏣᎳᎩ", "𝒜𝓃𝓃𝒶", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "Ａｎｎａ", "ﬁ", "ß", "ẞ", "İi̇Iı", "ǅ", "ŉ", "Å Å", "½ ² ①", "№ ℃ ™",
  "👩‍👩‍👧‍👦", "👩🏽‍⚕️", "🏳️‍🌈", "🇩🇪", "🧑🏿", "❤️", "1️⃣", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!", "a" + "\u0301".repeat(40), "\u202Etxet thgir ot tfel", "\u202Dleft\u202C", "\u2066isolate\u2069", "a\u200Bb", "a\u200Db", "a\u200Cb", "a\u2060b", "a\uFEFFb", "a\u00ADb", "\u00A0x\u00A0", "\u3000x\u3000", "x\u2028y", "x\u2029y", "x\u0085y",
  "\uFFFD", "\uFFFE", "\uFFFF", "\uFDD0", "\u{1FFFE}", "\u{10FFFF}", "\u{E0001}\u{E0020}", "\uE000", "ﷺ", "꧅", "𒐫", "(╯°□°）╯︵ ┻━┻", "¯\\_(ツ)_/¯", "“curly” ‘quotes’ – — …", "«x»", "₹₽€£¥", "☃", "♠♥♦♣", "\u2603\uFE0E", "⁄⁎", "ʇxǝʇ uʍop ǝpısdn", "ꙮ", "ꙮ".repeat(30),
];
const long = [A(119), A(121, "b"), A(10000, "c"), A(300, "王"), A(150, "👩"), A(3000, "<"), A(3000, "'"), A(2000, "&"), A(500, "a "), A(5000, "\\"), A(60, "e\u0301")];
// Bytes that no text has; as they would be sent, already percent-encoded.
const impossible = {
  "a NUL": "a%00b", "a lone surrogate": "%ED%A0%80", "two surrogates as UTF-8": "%ED%A0%BD%ED%B8%80", "an overlong slash": "%C0%AF", "an overlong NUL": "%C0%80", "an overlong <": "%E0%80%BC", "past the last character": "%F4%90%80%80", "five bytes": "%F8%88%80%80%80",
  "a byte that continues nothing": "%80", "a character that breaks off": "%E2%82", "Latin-1": "caf%E9", "0xFF": "%FF", "0xFE 0xFF": "%FE%FF", "half an escape": "%4", "an escape that is none": "%zz",
};
const controls = ["a\x01b", "a\x07b", "a\x08b", "a\x0bb", "a\x0cb", "a\x1bb[31m", "a\x7fb", "a\rb", "a\r\nb", "a\nb", "a\tb", "\x1e", "a\r\nSubject: x\r\n\r\ny"];

const one_line = [...markup, ...templates, ...sql, ...paths, ...letters].filter((s) => !/[\x00-\x1f\x7f]/.test(s));
module.exports = { one_line, long, controls, impossible, all: [...markup, ...templates, ...sql, ...paths, ...letters, ...long, ...controls] };
