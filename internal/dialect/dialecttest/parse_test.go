package dialecttest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const twoCases = `# A comment.

=== First
# Document, section "One".

>>> POST /entry?x=1 2
x-api-key: $KEY
X-Api-Key:two

{
  "a": 1

}


<<< 201
Retry-After: {{none}}
# A comment among the headers.

{"a":1}

# A comment in front of a step.

--- customer 7 of $OTHER_PROJECT

external_id: "7"
source: opm

--- clock +5s
=== Second
>>> GET /
<<< 404
`

func TestParseCases(t *testing.T) {
	got, err := parseCases(twoCases)
	if err != nil {
		t.Fatal(err)
	}
	want := []contractCase{
		{title: "First", line: 3, steps: []step{
			{
				kind: request, line: 6, method: "POST", target: "/entry?x=1 2",
				headers: []header{{"x-api-key", "$KEY"}, {"X-Api-Key", "two"}}, body: "{\n  \"a\": 1\n\n}",
			},
			{kind: answer, line: 16, status: 201, headers: []header{{"Retry-After", "{{none}}"}}, body: `{"a":1}`},
			{kind: other, line: 24, words: "customer 7 of $OTHER_PROJECT", body: "\nexternal_id: \"7\"\nsource: opm"},
			{kind: other, line: 29, words: "clock +5s"},
		}},
		{title: "Second", line: 30, steps: []step{
			{kind: request, line: 31, method: "GET", target: "/"},
			{kind: answer, line: 32, status: 404},
		}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(contractCase{}, step{}, header{})); diff != "" {
		t.Error("(-want +got):", diff)
	}
}

func TestParseCases_SaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "# only a comment\n", "there is no case"},
		{"step before the first case", "\n>>> GET /\n<<< 200\n", "line 2: a case starts with"},
		{"case without steps", "=== a\n\n=== b\n>>> GET /\n<<< 200\n", "line 3: the case before has no step"},
		{"last case without steps", "=== a\n", "the case before has no step"},
		{"same title", "=== a\n>>> GET /\n<<< 200\n=== a\n", `line 4: the title "a" is in line 1 too`},
		{"request without answer", "=== a\n>>> GET /\n", "the request of line 2 has no answer"},
		{"request without answer before a case", "=== a\n>>> GET /\n=== b\n", "line 3: the request of line 2 has no answer"},
		{"step between request and answer", "=== a\n>>> GET /\n--- clock +1s\n<<< 200\n", "line 3: a request stands before its answer"},
		{"answer without request", "=== a\n<<< 200\n", "line 2: a request stands before its answer"},
		{"two answers", "=== a\n>>> GET /\n<<< 200\n<<< 200\n", "line 4: a request stands before its answer"},
		{"no target", "=== a\n>>> GET\n", "line 2: a request is a method and a target"},
		{"no status", "=== a\n>>> GET /\n<<< OK\n", "line 3: an answer is a status"},
		{"no header", "=== a\n>>> GET /\n{}\n<<< 200\n", `this is no header: "{}"`},
		{"stray line", "=== a\nGET /\n", `line 2: this belongs to no step: "GET /"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseCases(tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
