package dialecttest

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"clientele"
	"clientele/internal/book"

	"github.com/go-chi/chi/v5"
)

const echoYAML = `
openapi: 3.1.0
info: { title: Echo, version: "1" }
servers: [{ url: / }]
paths:
  /echo:
    post:
      responses:
        "200": &answer
          description: OK
          headers:
            X-Request-Id: { required: true, schema: { type: string } }
            X-Twice: { schema: { type: string } }
          content: { text/plain: { schema: { type: string } } }
        "500": *answer
  /customer:
    post: { responses: { "200": *answer, "500": *answer } }
components:
  responses: { Nowhere: *answer }
`

// echo is a dialect that answers with the body, and whose /customer puts a customer with every text into the book.
func echo(t *testing.T) *Dialect {
	t.Helper()
	description, err := LoadDescription([]byte(echoYAML), map[int]string{404: "Nowhere"})
	if err != nil {
		t.Fatal(err)
	}
	return &Dialect{
		Name: clientele.DKHardware, Description: description,
		Always: map[string]string{"content-type": "text/plain"},
		Prepare: func(t testing.TB, s *Server) {
			t.Helper()
			s.Vars["KEY"] = s.Issue(t, clientele.Credential{})
			s.Vars["REVOKED_KEY"] = s.Issue(t, clientele.Credential{RevokedAt: s.Clock.Now()})
		},
		Routes: func(r chi.Router, s *Server) {
			r.Post("/echo", func(w http.ResponseWriter, r *http.Request) {
				w.Header()["X-Twice"] = r.Header["X-Twice"]
				w.Header().Set("Content-Type", "text/plain")
				_, _ = io.Copy(w, r.Body)
			})
			r.Post("/customer", func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				id, _ := io.ReadAll(r.Body)
				if _, err := s.Access.BySecret(r.Context(), clientele.DKHardware, r.Header.Get("X-Key")); err != nil {
					w.WriteHeader(http.StatusInternalServerError)
					_, _ = io.WriteString(w, clientele.KindOf(err).String())
					return
				}
				call := book.Call{ProjectID: s.Project, Origin: clientele.Origin{Dialect: clientele.DKHardware}}
				_, err := s.Book.Upsert(r.Context(), call, everyText(string(id)))
				if err != nil {
					clientele.RequestOf(r.Context()).Err = err
					w.WriteHeader(http.StatusInternalServerError)
					if r.URL.RawQuery == "tell" {
						_, _ = io.WriteString(w, err.Error())
					}
				}
			})
		},
	}
}

func everyText(id string) clientele.Details {
	var d clientele.Details
	for f := range clientele.AllFields.All {
		*d.Of(f) = clientele.Some(f.String())
	}
	d.ExternalID, d.VATNumber = clientele.Some(id), clientele.Some("BE 0")
	return d
}

// TestPlay_Passes runs a case that uses everything.
func TestPlay_Passes(t *testing.T) {
	d := echo(t)
	s := Start(t, d, Stores()[0])
	play(t, s, d, "", `
>>> POST /echo
X-Twice: a
X-Twice: b

{{"\xff"}} $PROJECT

<<< 200
X-Twice: a
X-Twice: {{like "[bc]" LETTER}}
X-None: {{none}}

{{"\xff"}} $PROJECT

>>> POST /echo

{"a":"$LETTER", "b": [ 1]}

<<< 200

{"a":"{{any AGAIN}}", "b": [ 1]}

>>> POST /echo

{"a":"b","b":[1]}

<<< 200

{
	"a": "$AGAIN",
	"b": [ 1 ]
}

--- no customer seven

>>> POST /customer
X-Key: $KEY

seven

<<< 200

--- customer seven of $PROJECT
id: {{int}}
external_id: "seven"
external_number: "external_number"
first_name: "first_name"
last_name: "last_name"
company: "company"
email: "email"
phone: "phone"
alt_phone: "alt_phone"
fax: "fax"
ip: "ip"
vat_number: "BE 0"
type: {{any}}
vat_normal: "BE0"
flags: email_invalid phone_invalid alt_phone_invalid vat_invalid ip_invalid
source: dkhardware
version: 1

--- no customer seven of $OTHER_PROJECT

--- clock 2026-11-20T10:00:01.5Z
--- clock +2s

>>> POST /customer
X-Key: $REVOKED_KEY

seven

<<< 500

unauthorized

--- store fails

>>> POST /customer
X-Key: $KEY

seven

<<< 500
`[1:])
	if got := s.Clock.Now().Format("15:04:05.0"); got != "10:00:03.5" {
		t.Errorf("the clock says %s", got)
	}
}

// TestPlay_Fails shows that each comparison can fail, and that the store works again after a case that made it fail.
func TestPlay_Fails(t *testing.T) {
	d := echo(t)
	s := Start(t, d, Stores()[0])
	play(t, s, d, "", ">>> POST /customer\nX-Key: $KEY\n\nseven\n<<< 200\n")
	const customer = ">>> POST /customer\nX-Key: $KEY\n\n7\n"
	for _, tt := range []struct{ name, text, want string }{
		{"status", ">>> POST /echo\n\na\n<<< 201\n\na\n", "line 2: status 200, want 201"},
		{"body", ">>> POST /echo\n\na\n<<< 200\n\nb\n", "body is\na\nwant\nb"},
		{"body that should not be there", ">>> POST /echo\n\na\n<<< 200\n", "body is\na"},
		{"spaces in a body of one line", ">>> POST /echo\n\n{\"a\":1}\n<<< 200\n\n{\"a\": 1}\n", "body is"},
		{"order of properties", ">>> POST /echo\n\n{\"a\":1,\"b\":2}\n<<< 200\n\n{\n\"b\":2,\n\"a\":1\n}\n", "body is"},
		{"wildcard", ">>> POST /echo\n\na\n<<< 200\n\n{{int}}\n", "body is"},
		{"header", ">>> POST /echo\nX-Twice: a\n<<< 200\nX-Twice: b\n", `header X-Twice is "a", want "b"`},
		{"header of which there is one more", ">>> POST /echo\nX-Twice: a\nX-Twice: b\n<<< 200\nX-Twice: a\n", `header X-Twice is ["a" "b"]`},
		{"header that is missing", ">>> POST /echo\n<<< 200\nX-Twice: {{any}}\n", `header X-Twice is []`},
		{"header that should be missing", ">>> POST /echo\nX-Twice: a\n<<< 200\nX-Twice: {{none}}\n", `header X-Twice is ["a"]`},
		{"header of always", ">>> GET /\n<<< 404\n", "header Content-Type"},
		{"header that goes without saying", ">>> POST /echo\n<<< 200\nx-request-id: no\n", "header X-Request-Id"},
		{"description", ">>> GET /x\n<<< 404\nContent-Type: {{any}}\n\n404 page not found{{\"\\n\"}}\n", "the API description disagrees"},
		{"unknown variable", ">>> POST /echo\n\n$NOBODY\n<<< 200\n", "line 2: there is no variable $NOBODY"},
		{"unknown variable in an answer", ">>> POST /echo\n<<< 200\n\n$NOBODY\n", "there is no variable $NOBODY"},
		{"unknown step", "--- custom 7\n", `there is no step "custom 7"`},
		{"bad clock", "--- clock tomorrow\n", "tomorrow"},
		{"bad store", "--- store sleeps\n", `not "sleeps"`},
		{"no such customer", "--- customer 8\n", `customer "8" of project`},
		{"customer that should not be there", "--- no customer seven\n", "want that there is none"},
		{"customer that is other", "--- customer seven\nexternal_id: \"seven\"\n", `"source: dkhardware"`},
		{"no such project", "--- customer seven of x\n", "invalid syntax"},
		{"nobody listens", ">>> POST\u2003 /\n<<< 200\n", "Content-Type"},
		{"store fails and the case does not say so", "--- store fails\n" + customer + "<<< 200\n", "status 500, want 200"},
		{"store is unavailable", "--- store unavailable\n" + customer + "<<< 200\n", "status 500, want 200"},
		{
			"answer tells the cause", "--- store fails\n" + strings.Replace(customer, "customer", "customer?tell", 1) +
				"<<< 500\n\n{{any}}\n", "the answer tells the cause",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			play(t, s, d, tt.want, tt.text)
			play(t, s, d, "", customer[:len(customer)-2]+"seven\n<<< 200\n")
		})
	}
}

// play plays a case. Its error has want in it; it has none when want is empty.
func play(t *testing.T, s *Server, d *Dialect, want, text string) {
	t.Helper()
	cases, err := parseCases("=== title\n" + text)
	if err != nil {
		t.Fatal(err)
	}
	err = s.play(t.Context(), d, &cases[0])
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}
