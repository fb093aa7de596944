package dialecttest

import (
	"maps"
	"strings"
	"testing"
)

func TestExpandText(t *testing.T) {
	vars := map[string]string{"KEY": "opm_1", "KEY_2": "two"}
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"plain } }} { text", "plain } }} { text"},
		{"$KEY", "opm_1"},
		{"X$KEY-$KEY_2.", "Xopm_1-two."},
		{"5 $ and $1 and $key", "5 $ and $1 and $key"},
		{`{{"$KEY {{ \xff\x00\u00fc\""}}`, "$KEY {{ \xff\x00ü\""},
		{`<{{repeat "a}}" 3}}>`, "<a}}a}}a}}>"},
		{`{{repeat "a" 0}}`, ""},
	} {
		got, err := expandText(tt.text, vars)
		if err != nil || got != tt.want {
			t.Errorf("expandText(%q) = %q, %v; want %q", tt.text, got, err, tt.want)
		}
	}
}

func TestExpandText_SaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"$UNKNOWN", "there is no variable $UNKNOWN"},
		{"{{any}}", "stands where text is made"},
		{"{{none}}", "stands where text is made"},
		{"{{", "does not end"},
		{"{{any", "does not end"},
		{"{{}}", "nothing to do"},
		{"{{some}}", "unknown action"},
		{`{{repeat "a"}}`, "unknown action"},
		{`{{repeat "a" -1}}`, "no count"},
		{`{{repeat a 1}}`, "invalid syntax"},
		{`{{like "["}}`, "missing closing ]"},
		{`{{like a}}`, "invalid syntax"},
		{"{{uuid id}}", "capital letters"},
		{"{{uuid A B}}", "capital letters"},
	} {
		_, err := expandText(tt.text, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("expandText(%q): error %v, want one with %q", tt.text, err, tt.want)
		}
	}
}

func TestTemplateMatch(t *testing.T) {
	const uuid = "0b9d5c1e-66b5-4d5e-8d2f-7b6f0c2f9a10"
	for _, tt := range []struct {
		text, got string
		want      bool
		caught    map[string]string
	}{
		{text: "", got: "", want: true},
		{text: "", got: "x", want: false},
		{text: "$KEY.", got: "opm_1.", want: true},
		{text: "$KEY.", got: "opm_1x", want: false},
		{text: "a{{uuid}}b", got: "a" + uuid + "b", want: true},
		{text: "{{uuid}}", got: strings.ToUpper(uuid), want: false},
		{text: "{{uuid}}", got: uuid + "\n", want: false},
		{text: `{"id":"{{uuid ID}}"}`, got: `{"id":"` + uuid + `"}`, want: true, caught: map[string]string{"ID": uuid}},
		{text: "{{int A}}/{{int B}}", got: "-3/007", want: true, caught: map[string]string{"A": "-3", "B": "007"}},
		{text: "{{int}}", got: "3.0", want: false},
		{text: "{{any A}} {{any B}}", got: "a b c", want: true, caught: map[string]string{"A": "a", "B": "b c"}},
		{text: "{{any}}", got: "", want: false},
		{text: "{{any}}", got: "a\nb", want: false},
		{text: `{{like "[a-c]+|d" X}}!`, got: "abc!", want: true, caught: map[string]string{"X": "abc"}},
		{text: `{{like "a|b"}}!`, got: "a", want: false},
		{text: `{{any}} (.*)`, got: "x yyyy", want: false},
	} {
		tmpl, err := parseTemplate(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		vars := map[string]string{"KEY": "opm_1"}
		got, err := tmpl.match(tt.got, vars)
		if err != nil || got != tt.want {
			t.Errorf("%q matches %q: %t, %v; want %t", tt.text, tt.got, got, err, tt.want)
		}
		delete(vars, "KEY")
		if !maps.Equal(vars, tt.caught) {
			t.Errorf("%q caught %v from %q, want %v", tt.text, vars, tt.got, tt.caught)
		}
	}
}

func TestTemplateMatch_SaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"$UNKNOWN", "there is no variable $UNKNOWN"},
		{"{{any}}$UNKNOWN", "there is no variable $UNKNOWN"},
		{"a{{none}}", "stands alone"},
	} {
		tmpl, err := parseTemplate(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tmpl.match("x", nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: error %v, want one with %q", tt.text, err, tt.want)
		}
	}
}

func TestSqueeze(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"{\n  \"a b\": [1, 2],\r\n\t\"c\": \"d  \\\" e\"\n}", `{"a b":[1,2],"c":"d  \" e"}`},
		{`["\\", " "]`, `["\\"," "]`},
		{`{ "id": {{int ID}}, "x": "{{repeat " " 2}} " }`, `{"id":{{int ID}},"x":"{{repeat " " 2}} "}`},
		{`{ {{`, `{ {{`},
	} {
		if got := squeeze(tt.text); got != tt.want {
			t.Errorf("squeeze(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
