package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mark is in all personal data and all made-up secrets that the test sends, in each form in which it could come out.
const mark = "Zqxmarke"

// stayer sends requests on connections that it keeps, as the test has many, and follows nowhere.
var stayer = &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// markedPhone is a number that is nobody's, and findable.
const markedPhone = "2125550193"

// TestRedaction sends marked personal data and secrets through every API, the console's forms, the import and the command
// line, rightly and wrongly, and finds none of it in the log, the metrics and what commands print. What OPM Partners is sent
// in every wrong way is TestSecrets_AreNowhere's, Prime Lead's UUIDs TestLog_HoldsNoSecret's.
func TestRedaction(t *testing.T) {
	dir, key := newBook(t)
	secrets := map[string]string{"x-api-key": key}
	for _, dialect := range []string{"onlinewerkrooster", "dkhardware", "primelead"} {
		v := command(t, "key", "issue", "--data-dir", dir, "--project", "shop", "--dialect", dialect, "--name", "Partner", "--json").object(t)
		credentials, _ := v["credentials"].(map[string]any)
		for name, secret := range credentials {
			secrets[name] = fmt.Sprint(secret)
		}
	}
	if len(secrets) < 5 {
		t.Fatalf("only these secrets: %d", len(secrets))
	}
	s := startServer(t, dir, "--log-level", "debug")
	token := tokenOf(t, s, secrets)
	secrets["access token"] = token[strings.LastIndex(token, ".")+1:] // its signature
	statuses := map[int]int{}
	for _, r := range markedRequests(secrets, token) {
		r.url = s.url + r.url
		a, err := send(r)
		if err != nil {
			t.Fatalf("%s %s: %v", r.method, r.url, err)
		}
		statuses[a.status/100]++
	}
	if statuses[2] < 4 || statuses[4] < 20 || statuses[5] > 0 {
		t.Errorf("answers by hundreds of their status: %v; want some of the book's and many refusals", statuses)
	}
	said := map[string]string{"metrics": s.ask(request{url: "/metrics"}).body}
	for name, text := range markedCommands(t, dir) {
		said[name] = text
	}
	s.stop()
	said["log"], said["stdout"] = s.stderr.String(), s.stdout.String()
	for name, text := range said {
		for _, word := range []string{mark, markedPhone, url.QueryEscape(mark + " " + mark)} {
			if i := strings.Index(strings.ToLower(text), strings.ToLower(word)); i >= 0 {
				t.Errorf("%s holds personal data: …%s…", name, text[max(0, i-200):min(len(text), i+80)])
			}
		}
		for of, secret := range secrets {
			if len(secret) > 16 && of != "client_id" && strings.Contains(text, secret) {
				t.Errorf("%s holds the %s", name, of)
			}
		}
	}
}

// tokenOf trades the client's secret for a token.
func tokenOf(t *testing.T, s *server, secrets map[string]string) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {secrets["client_id"]}, "client_secret": {secrets["client_secret"]}}
	a := s.ask(request{url: "/oauth/token", body: form.Encode(), header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}})
	_, rest, _ := strings.Cut(a.body, `"access_token":"`)
	token, _, ok := strings.Cut(rest, `"`)
	if a.status != 200 || !ok {
		t.Fatalf("the token endpoint answers %d %s", a.status, a.body)
	}
	return token
}

// markedRequests are calls of every API and of the console with marked values in each place, with good credentials, with
// marked ones, and with none.
func markedRequests(secrets map[string]string, token string) []request {
	email, phone := mark+"@example.com", "+1"+markedPhone
	bodies := []string{
		fmt.Sprintf(`{"customerId":"%[1]s","customerEmail":%[2]q,"customerPhone":%[3]q,"customerFirstName":"%[1]s"}`, mark, email, phone),
		fmt.Sprintf(`{"extCustomerId":"%[1]s","extCustomerNumber":"%[1]s","firstName":"%[1]s","lastName":"%[1]s","email":%[2]q,"phone":%[3]q}`, mark, email, phone),
		fmt.Sprintf(`{"customer":{"external_id":"%[1]s","first_name":"%[1]s","email":%[2]q,"phone":%[3]q}}`, mark, email, phone),
		fmt.Sprintf(`{"actionUuid":%q,"customerType":%q,"email":%q}`, mark, mark, email),
		fmt.Sprintf(`{%q:%q,%q:%q}`, mark, email, mark, phone), `"` + mark, `[` + mark + `]`, mark,
	}
	paths := []string{
		"/entry", "/api/customers", "/api/customers/" + mark, "/v1/customer", "/v1/customer/" + mark, "/v1/customer?email=" + email + "&search=" + mark,
		"/api/v1/actions/" + secrets["advertiserUUID"], "/api/v1/actions/" + mark, "/api/v1/postback/contract/" + mark, "/click/" + mark + "/" + mark + "?sub1=" + mark,
		"/console/login?next=" + mark, "/console/customers?q=" + mark, "/" + mark, "/docs/" + mark, "/openapi/" + mark + ".json", "/healthz?" + mark,
	}
	good := map[string]string{
		"X-Api-Key": secrets["x-api-key"], "Apikey": secrets["apikey"], "Customerkey": secrets["CustomerKey"], "Authorization": "Bearer " + token,
	}
	wrong := map[string]string{"X-Api-Key": mark, "Apikey": mark, "Customerkey": mark, "Authorization": "Bearer " + mark, "Cookie": "__Host-clientele=" + mark}
	var list []request
	for _, path := range paths {
		for _, credentials := range []map[string]string{good, wrong} {
			header := map[string]string{"User-Agent": mark, "Referer": "https://" + email, "X-Forwarded-For": mark, "X-Real-Ip": mark}
			for name, value := range credentials {
				header[name] = value
			}
			list = append(list, request{url: path, header: header, client: stayer}, request{url: path, header: header, method: "PUT", body: bodies[0], client: stayer})
			for _, body := range bodies {
				list = append(list, request{url: path, header: header, body: body, client: stayer})
			}
		}
	}
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://" + mark + ".example.com"}
	for _, body := range []string{
		url.Values{"email": {email}, "password": {mark + "-password"}}.Encode(),
		url.Values{"grant_type": {mark}, "client_id": {mark}, "client_secret": {mark}}.Encode(),
		url.Values{"grant_type": {"client_credentials"}, "client_id": {secrets["client_id"]}, "client_secret": {mark}}.Encode(),
	} {
		same := map[string]string{"Content-Type": form["Content-Type"], "Sec-Fetch-Site": "same-origin"}
		for _, path := range []string{"/console/login", "/oauth/token"} {
			list = append(list, request{url: path, body: body, header: form}, request{url: path, body: body, header: same})
		}
	}
	return list
}

// markedCommands runs commands over marked data that fail in every way that has to do with it, and returns what they print.
func markedCommands(t *testing.T, dir string) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "people.csv")
	rows := "external_id,email,phone,type\n" + mark + "," + mark + "@example.com,+1" + markedPhone + ",\n" +
		"2," + mark + "@example.com,," + mark + "\n" + strings.Repeat(mark, 50) + ",,,\n3,\"" + mark + "\n"
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for name, i := range map[string]invocation{
		"import":           {args: []string{"import", file, "--project", "shop", "--data-dir", dir}},
		"import dry run":   {args: []string{"import", "-", "--dry-run", "--project", "shop", "--data-dir", dir}, stdin: rows},
		"import of nobody": {args: []string{"import", "-", "--project", "shop", "--data-dir", dir}, stdin: "external_id,first_name\n" + mark + "\n"},
		"import of NDJSON": {args: []string{"import", "-", "--project", "shop", "--data-dir", dir}, stdin: `{"external_id":"` + mark + `","email":{"` + mark + `":1}}` + "\n"},
		"key issue":        {args: []string{"key", "issue", "--project", "shop", "--dialect", "dkhardware", "--name", "x", "--scope", "none", "--secret-stdin", "--data-dir", dir}, stdin: mark + "\n" + mark},
	} {
		o := i.run(t)
		if name == "import" && !strings.Contains(o.stdout, "refused") {
			t.Errorf("the import tells of no refused row: %s %s", o.stdout, o.stderr)
		}
		said[name] = o.stdout + o.stderr
	}
	return said
}
