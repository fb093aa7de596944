package traffic

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"clientele"
)

// The secrets of the tests, one of each form.
const (
	opmKey    = "opm_6f1c0a9b8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a"
	oldKey    = "legacy-QWERTZUIOPASDFGHJKLYXCVBNM" // brought along: no form of ours, no digit
	shortKey  = "hunter22"
	actionID  = "9b2d7c1e-3f45-4a6b-8c7d-0e1f2a3b4c5d"
	jwt       = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJlLW9mLWl0"
	traceID   = "5b0c4d7a-54a6-4b06-9c0c-6a3c1d3f4e5a"
	smallFish = "customerId=7519&note=nothing-secret"
)

func TestHider_Text(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":              {`{"customerId":7519,"customerEmail":"ada@example.com"}`, `{"customerId":7519,"customerEmail":"ada@example.com"}`},
		"our key anywhere":     {`{"a":"` + opmKey + `"}`, `{"a":"opm_6f1c…"}`},
		"our key in capitals":  {strings.ToUpper(opmKey), "OPM_6F1C…"},
		"known":                {"x " + oldKey + " y", "x legacy-Q… y"},
		"known, other case":    {strings.ToLower(oldKey), "legacy-q…"},
		"known and short":      {"a " + shortKey + " b", "a … b"},
		"UUID":                 {"id " + actionID + ".", "id 9b2d7c1e…."},
		"UUID without hyphens": {strings.ReplaceAll(actionID, "-", ""), "9b2d7c1e…"},
		"our trace id":         {`{"traceId":"` + traceID + `"}`, `{"traceId":"` + traceID + `"}`},
		"token":                {`{"x":"` + jwt + `"}`, `{"x":"eyJhbGci…"}`},
		"authorization":        {"Authorization: Bearer abcdef123456", "Authorization: … …"},
		"form":                 {"grant_type=client_credentials&client_secret=sesame-open&x=1", "grant_type=client_credentials&client_secret=…&x=1"},
		"JSON name":            {`{"secret":"open sesame","b":1}`, `{"secret":"…","b":1}`},
		"JSON, cut off":        {`{"secret":"open sesame`, `{"secret":"…`},
		"multipart":            {"name=\"client_secret\"\r\n\r\nsesame\r\n--x", "name=\"client_secret\"\r\n\r\n…\r\n--x"},
		"escaped in JSON":      {`{"a":"\u006fpm_` + opmKey[4:] + `"}`, `{"a":"\u006fpm_…"}`},
		"percent-encoded":      {"a=%6Fpm_" + opmKey[4:], "a=%6Fpm_6f1…"},
		"encoded twice":        {"a=%256Fpm_" + opmKey[4:], "a=%256Fpm_6…"},
		"any long run":         {"a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7x", "a0b1c2d3…"},
		"long words":           {"contract_nominal_value UNSUPPORTED_MEDIA_TYPE", "contract_nominal_value UNSUPPORTED_MEDIA_TYPE"},
		"escapes within":       {`{"a":"` + opmKey[:20] + `\u00` + "30" + opmKey[21:] + `"}`, `{"a":"…\u0030b3c…"}`},
		"no value":             {`{"secret":null,"token":""}`, `{"secret":null,"token":""}`},
	} {
		if got := newHider([]string{oldKey, shortKey}, traceID).text(c.text); got != c.want {
			t.Errorf("%s: %s\n  want %s", name, got, c.want)
		}
	}
}

func TestHider_Target(t *testing.T) {
	const postback = "/api/v1/postback/{status}/{action_uuid}"
	for _, c := range []struct{ route, target, want string }{
		{"/entry", "/entry", "/entry"},
		{"/entry", "/entry?" + smallFish, "/entry?" + smallFish},
		{postback, "/api/v1/postback/contract_canceled/" + actionID, "/api/v1/postback/contract_canceled/9b2d7c1e…"},
		{postback, "/api/v1/postback/contract/x" + strings.ToUpper(actionID) + "?customer_type=" + actionID + "&x", "/api/v1/postback/contract/x9B2D7C1…?customer_type=9b2d7c1e…&x"},
		{postback, "/api/v1/postback/contract/%39" + actionID[1:], "/api/v1/postback/contract/%39b2d7c1…"},
		{"none", "/" + oldKey + "/x", "/legacy-Q…/x"},
		{"none", "/ping?x-api-key=abcdef1234&a=1", "/ping?x-api-key=…&a=1"},
		{"none", "/ping?x-api-key=abcdef1234=", "/ping?x-api-key=…"},
		{"none", "/a?b=contract_nominal_value_and_more", "/a?b=contract…"},
	} {
		h := newHider(nil, traceID)
		if got := h.target(c.route, c.target); got != c.want {
			t.Errorf("%s: %s, want %s", c.target, got, c.want)
		}
		for _, secret := range []string{oldKey, actionID} { // an answer that quotes the path
			if got := h.text("Route GET:" + c.target + " not found"); strings.Contains(strings.ToLower(got), strings.ToLower(secret[:12])) {
				t.Errorf("the answer to %s shows it: %s", c.target, got)
			}
		}
	}
}

func TestPresented(t *testing.T) {
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for name, c := range map[string]struct {
		header http.Header
		text   string
	}{
		"OPM":                {http.Header{"X-Api-Key": {oldKey}}, oldKey},
		"twice in one":       {http.Header{"X-Api-Key": {shortKey + ", " + oldKey}}, shortKey},
		"Onlinewerkrooster":  {http.Header{"Apikey": {oldKey}, "Customerkey": {"first-company"}}, "first-company"},
		"bearer":             {http.Header{"Authorization": {"Bearer opaque.token"}}, "opaque.token"},
		"basic":              {http.Header{"Authorization": {basic("client:open sesame")}}, "open sesame"},
		"basic, encoded":     {http.Header{"Authorization": {basic("client:open%20sesame")}}, "open sesame"},
		"a cookie of a page": {http.Header{"Cookie": {"session=abcdefgh"}}, "session=abcdefgh"},
	} {
		h := newHider(presented(c.header), "")
		if got := h.text("<" + c.text + ">"); strings.Contains(got, c.text) || !h.contains("a"+c.text) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestClean_BorderOfABody: a secret that lies across the place where a body is cut leaves no piece longer than its hint.
func TestClean_BorderOfABody(t *testing.T) {
	for _, secret := range []string{oldKey, jwt + strings.Repeat("x", 3000)} {
		for _, border := range []int{MaxBody, maxRaw} {
			for _, shift := range []int{0, 1, 7, 13, 24, 32, 33, 34} {
				body := strings.Repeat("a ", (border-shift)/2) + secret + " and the rest"
				k := &caught{
					refusal: clientele.Refusal{BodyState: clientele.BodyWhole, BodyBytes: int64(len(body))},
					body:    []byte(body[:min(len(body), maxRaw)]), secrets: []string{oldKey},
				}
				r := k.clean()
				for i := range len(oldKey) - 12 {
					if strings.Contains(r.Body, secret[i:i+12]) {
						t.Fatalf("cut at %d, %d before it: a piece of the secret is kept: …%s", border, shift, r.Body[len(r.Body)-60:])
					}
				}
			}
		}
	}
}

func TestClean_RequestIDThatIsASecret(t *testing.T) {
	k := &caught{refusal: clientele.Refusal{RequestID: oldKey, TraceID: traceID}, secrets: []string{oldKey}}
	if r := k.clean(); r.RequestID != traceID {
		t.Errorf("request id %s", r.RequestID)
	}
}

// TestClean_IsStorable: whatever a caller sends, the texts are UTF-8 without NUL, or a store would refuse a whole batch.
func TestClean_IsStorable(t *testing.T) {
	const odd = "a\x00b\xff%00\\u0000é"
	k := &caught{
		refusal: clientele.Refusal{Media: odd, Field: odd, BodyState: clientele.BodyWhole, BodyBytes: int64(len(odd) - 1)},
		target:  "/" + odd + "?" + odd + "=" + odd, body: []byte(strings.ReplaceAll(odd, "\xff", "")), answer: []byte(odd),
	}
	r := k.clean()
	for _, text := range []string{r.Media, r.Field, r.Target, r.Body, r.Answer} {
		if strings.Contains(text, "\x00") || !utf8.ValidString(text) {
			t.Errorf("%q cannot be stored", text)
		}
	}
}

func FuzzHider(f *testing.F) {
	for _, s := range []string{"", "%", `\u`, "a=%6F", `{"secret":"`, "token=", "/a?b&c=", opmKey, "\xff%ff\\u00"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, route, text string) {
		h := newHider([]string{shortKey}, traceID)
		for _, got := range []string{h.text(text + opmKey), h.target("/entry", text+"/"+opmKey), clip(h.text(opmKey+text), 50)} {
			if strings.Contains(got, opmKey[4:24]) {
				t.Errorf("%q shows the key: %q", text, got)
			}
		}
		Mask(clientele.Refusal{Route: route, Target: text, Body: text, Answer: text, Media: route})
	})
}
