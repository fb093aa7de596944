package importer

import (
	"strings"
	"testing"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// stated returns what a row states, by the names of the columns.
func stated(r *record) map[string]string {
	m := map[string]string{}
	for t := range target(numColumns) {
		text := r.address.Texts()[max(0, int(t)-numCustomerColumns)].Text
		if int(t) < numCustomerColumns {
			text = r.details.Of(clientele.Field(t))
		}
		if text.Valid {
			m[t.column().name] = text.V
		}
		if text.Valid != (r.set>>t&1 == 1) {
			m[t.column().name] += " (and the set says otherwise)"
		}
	}
	return m
}

// open understands a text as a file of the name.
func open(t testing.TB, name, text string, o Options) *input {
	t.Helper()
	o.Name = name
	in, err := openInput(strings.NewReader(text), &o)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// decodeOne reads the first row behind the header.
func decodeOne(t testing.TB, in *input) (map[string]string, string) {
	t.Helper()
	raw, r, err := in.splitter.next(nil)
	if err != nil || r.reason != "" {
		t.Fatal(err, r.reason)
	}
	var rec record
	reason := in.decoder().decode(raw, &rec)
	return stated(&rec), reason
}

func TestDecode_CSV(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		o          Options
		want       map[string]string
		reason     string
	}{
		{"plain", "external_id,email\n1,ada@example.com\n", Options{}, map[string]string{"external_id": "1", "email": "ada@example.com"}, ""},
		{
			"mark, aliases, case", "\ufeffCustomer ID;Vor-Name;E-Mail;ZIP\n 1 ;Ada;;1000\n",
			Options{Columns: map[string]string{"vorname": "first_name"}},
			map[string]string{"external_id": " 1 ", "first_name": "Ada", "address_postal_code": "1000"},
			"",
		},
		{
			"blanks around", "id,number,email\n 1 , N701\u00a0,\" ada@example.com\"\n",
			Options{},
			map[string]string{"external_id": " 1 ", "external_number": "N701", "email": " ada@example.com"},
			"",
		},
		{"longest number", "id,number\n1, " + strings.Repeat("7", 64) + " \n", Options{}, map[string]string{"external_id": "1", "external_number": strings.Repeat("7", 64)}, ""},
		{"tabs", "id\tphone\n1\t+1 212 555 0100\n", Options{}, map[string]string{"external_id": "1", "phone": "+1 212 555 0100"}, ""},
		{"bars", "id|phone\n1|+12125550100\n", Options{}, map[string]string{"external_id": "1", "phone": "+12125550100"}, ""},
		{"given delimiter", "id!phone\n1!+12125550100\n", Options{Delimiter: '!'}, map[string]string{"external_id": "1", "phone": "+12125550100"}, ""},
		{"header in quotes", "\"id\",\"First, Name\"\n1,Ada\n", Options{IgnoreUnknown: true}, map[string]string{"external_id": "1"}, ""},
		{"line break in a value", "id,company\n1,\"Ada\nLtd\"\n", Options{}, map[string]string{"external_id": "1", "company": "Ada\nLtd"}, ""},
		{"passed over", "id,remarks\n1,x\n", Options{Columns: map[string]string{"Remarks": "-"}}, map[string]string{"external_id": "1"}, ""},
		{"columns of a refused file", "refused_line,refused_reason,id\n7,why,1\n", Options{}, map[string]string{"external_id": "1"}, ""},
		{"too few", "id,email\n1\n", Options{}, nil, "the row has 1 values and the header 2"},
		{"too many", "id,email\n1,,\n", Options{}, nil, "the row has 3 values and the header 2"},
		{"quotes", "id,email\n1,a\"b\n", Options{}, nil, reasonQuotes},
		{"encoding", "id,last_name\n1,M\xfcller\n", Options{}, nil, reasonEncoding},
		{"too long", "id,ip\n1," + strings.Repeat("é", 46) + "\n", Options{}, nil, "ip has more than 45 characters"},
		{"longest", "id,ip\n1," + strings.Repeat("é", 45) + "\n", Options{}, map[string]string{"external_id": "1", "ip": strings.Repeat("é", 45)}, ""},
		{"type", "id,type\n1,private\n", Options{}, nil, "type is none of business, government, military"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, reason := decodeOne(t, open(t, "x.csv", tt.text, tt.o))
			if reason != tt.reason {
				t.Fatalf("reason %q, want %q", reason, tt.reason)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" && reason == "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecode_NDJSON(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		o          Options
		want       map[string]string
		reason     string
	}{
		{"plain", `{"external_id":"1","email":"ada@example.com","phone":null,"fax":" "}`, Options{}, map[string]string{"external_id": "1", "email": "ada@example.com"}, ""},
		{
			"numbers and other names", `{"customerId":12345678901234567890,"external_number":7,"First Name":"\u00c4da"}`,
			Options{},
			map[string]string{"external_id": "12345678901234567890", "external_number": "7", "first_name": "Äda"},
			"",
		},
		{"blanks around a number", `{"id":"1","external_number":"N701\t"}`, Options{}, map[string]string{"external_id": "1", "external_number": "N701"}, ""},
		{"members of a refused file", `{"refused_line":1,"refused_reason":"x","id":"1"}`, Options{}, map[string]string{"external_id": "1"}, ""},
		{"ignored", `{"id":"1","extra":{"a":[1]}}`, Options{IgnoreUnknown: true}, map[string]string{"external_id": "1"}, ""},
		{"unknown", `{"id":"1","extra":1}`, Options{}, nil, `the member "extra" is not known`},
		{"twice", `{"id":"1","id":"2"}`, Options{}, nil, "the line is not valid JSON: duplicate object member name at position 10"},
		{"twice by another name", `{"id":"1","external_id":"2"}`, Options{}, nil, "external_id is there twice"},
		{"a fraction", `{"id":1.5}`, Options{}, nil, "external_id is not a text"},
		{"a number", `{"id":"1","phone":12125550100}`, Options{}, nil, "phone is not a text"},
		{"an object", `{"id":"1","phone":{}}`, Options{}, nil, "phone is not a text"},
		{"an array", `["id"]`, Options{Format: NDJSON}, nil, ""},
		{"a text", `"id"`, Options{}, nil, reasonNotObject},
		{"two objects", `{"id":"1"}{}`, Options{}, nil, reasonNotObject},
		{"cut off", `{"id":"1"`, Options{}, nil, "the line is not valid JSON: unexpected EOF at position 10"},
		{"encoding", "{\"id\":\"\xff\"}", Options{}, nil, "the line is not valid JSON: invalid UTF-8 at position 7"},
		{"NUL", `{"id":"a\u0000"}`, Options{}, nil, "external_id has a NUL character in it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "an array" {
				_, err := openInput(strings.NewReader(tt.text), &tt.o)
				if clientele.KindOf(err) != clientele.KindConflict {
					t.Errorf("error %v", err)
				}
				return
			}
			got, reason := decodeOne(t, open(t, "x.ndjson", tt.text+"\n", tt.o))
			if reason != tt.reason {
				t.Fatalf("reason %q, want %q", reason, tt.reason)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" && reason == "" {
				t.Error(diff)
			}
		})
	}
}

// TestOpenInput_Refused: what is wrong with a whole file is said, and no more of what is in it than the names of columns.
func TestOpenInput_Refused(t *testing.T) {
	for _, tt := range []struct{ name, text, says string }{
		{"a.csv", "", "the file is empty"},
		{"a.csv", "\xff\xfei\x00d\x00", "iconv -f UTF-16"},
		{"a.csv", "i\x00d\x00,\x00", "iconv -f UTF-16"},
		{"a.csv", "id,stra\xdfe\n", "iconv -f WINDOWS-1252"},
		{"a.csv.gz", "\x1f\x8b\x08", "compressed"},
		{"a.xlsx", "PK\x03\x04", "spreadsheet"},
		{"a.csv", "id,email,shoe size\n1,a,b\n", `not known: "shoe size"`},
		{"a.csv", "id,email,E-Mail\n", "names twice: email"},
		{"a.csv", "Ada,ada@example.com,+12125550100\n", "no header"},
		{"a.csv", "type,ada@example.com\n", "1 columns of the header are not known"},
		{"a.csv", "id,\"email\n", "closed nowhere"},
		{"a", "[{}]", "no header"},
		{"a.json", "[{}]", "jq"},
	} {
		_, err := openInput(strings.NewReader(tt.text), &Options{Name: tt.name})
		if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "example.com") {
			t.Errorf("%q: %v, want %q in it", tt.text, err, tt.says)
		}
	}
	if _, err := openInput(strings.NewReader("id\n"), &Options{Columns: map[string]string{"x": "shoe"}}); clientele.KindOf(err) != clientele.KindInvalid {
		t.Errorf("a column mapped to one that there is not: %v", err)
	}
}

func TestOpenInput_Format(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       Format
	}{
		{"a.CSV", "id\n", CSV},
		{"a.tsv", "id\temail\n", CSV},
		{"a.jsonl", "", NDJSON},
		{"-", "\ufeff\n {\"id\":1}", NDJSON},
		{"-", "id\n", CSV},
	} {
		if got := open(t, tt.name, tt.text, Options{}).format; got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// FuzzNDJSON holds that no line does harm, and that what is taken is an object by the rules of the library.
func FuzzNDJSON(f *testing.F) {
	for _, text := range []string{`{"id":"1","email":null}`, `{"id":1}`, `{"id":"1"}{}`, "{", `{"\ud800":1}`, `[]`, `{"id":"\u0000"}`, `{"refused_line":1,"id":"\xff"}`} {
		f.Add(text)
	}
	in := open(f, "x.ndjson", "", Options{IgnoreUnknown: true})
	f.Fuzz(func(t *testing.T, text string) {
		var rec record
		d := in.decoder()
		if reason := d.decode([]byte(text), &rec); reason != "" {
			var again record
			if d.decode([]byte(`{"id":"1"}`), &again) != "" {
				t.Fatal("the decoder does not get over a line that it refused")
			}
			return
		}
		var object map[string]any
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			t.Fatalf("taken, but %v", err)
		}
	})
}
