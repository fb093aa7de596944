package primelead

import (
	"bytes"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"clientele/internal/dialect"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func request(target, contentType, body string) *dialect.Request {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return &dialect.Request{Request: r, Body: []byte(body)}
}

// TestReadForm_FourFormsOfTheSame: whatever texts are sent, each of the four forms of a POST brings the same.
func TestReadForm_FourFormsOfTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sent := map[string]string{}
		for _, name := range actionParams {
			if rapid.Bool().Draw(t, name+" is sent") {
				sent[name] = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", " ", "NULL", "1.50", "new"})).Draw(t, name)
			}
		}
		want := form{}
		for name, text := range sent {
			if text == "NULL" || strings.TrimSpace(text) == "" {
				text = ""
			}
			want[name] = value{text: text}
		}
		for what, r := range fourForms(t, sent) {
			got, err := readForm(r, actionParams)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(value{})); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", what, diff)
			}
			if got.hash(actionParams) != want.hash(actionParams) {
				t.Fatalf("%s has another hash", what)
			}
		}
	})
}

func fourForms(t *rapid.T, sent map[string]string) map[string]*dialect.Request {
	pairs := url.Values{}
	var parts bytes.Buffer
	writer := multipart.NewWriter(&parts)
	for name, text := range sent {
		pairs.Set(name, text)
		if err := writer.WriteField(name, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	object, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*dialect.Request{
		"JSON":             request("/", "application/json", string(object)),
		"form":             request("/", "application/x-www-form-urlencoded", pairs.Encode()),
		"multipart":        request("/", writer.FormDataContentType(), parts.String()),
		"query parameters": request("/?"+pairs.Encode(), "", ""),
	}
}

// TestReadForm_IgnoresWhatIsNotDocumented sends what the contract cases cannot, since it fits no description.
func TestReadForm_IgnoresWhatIsNotDocumented(t *testing.T) {
	file := "--b\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\xff\r\n--b--"
	for what, r := range map[string]*dialect.Request{
		"a file":                          request("/", "multipart/form-data; boundary=b", file),
		"a part without a name":           request("/", "multipart/form-data; boundary=b", strings.Replace(file, "form-data;", "inline;", 1)),
		"a name that is not encoded":      request("/", mediaForm, "%zz=1"),
		"a value that is not encoded":     request("/", mediaForm, "x=%zz"),
		"blanks in place of JSON":         request("/", mediaJSON, " \r\n"),
		"nothing, of a type nobody reads": request("/", "text/plain", ""),
		"the same name twice":             request("/", mediaJSON, `{"x":1,"x":{"y":1,"y":2}}`),
	} {
		if got, err := readForm(r, actionParams); err != nil || len(got) != 0 {
			t.Errorf("%s: %v, %v; want nothing", what, got, err)
		}
	}
}

func TestHash_ToldApart(t *testing.T) {
	seen := map[[32]byte]form{}
	for _, f := range []form{
		{},
		{pCustomerType: {text: "new"}},
		{pCustomerType: {text: "returning"}},
		{pWideContact: {text: "new"}},
		{pCustomerType: {text: "new&wideContact=x"}},
		{pCustomerType: {text: "new"}, pWideContact: {text: "x"}},
	} {
		h := f.hash(actionParams)
		if other, again := seen[h]; again {
			t.Errorf("%v and %v have one hash", f, other)
		}
		seen[h] = f
	}
	stated, blank := form{pContractNetValue: {text: "5"}, pContract: {}}, form{pContractNetValue: {text: "5", isNumber: true}}
	if stated.hash(actionParams) != blank.hash(actionParams) {
		t.Error("what states the same has another hash")
	}
}

// FuzzReadForm holds the reader to its word: it never panics, and a body that it takes states texts in UTF-8, or is at fault.
func FuzzReadForm(f *testing.F) {
	f.Add("application/json", `{"actionUuid":"x","contractNetValue":1.5}`)
	f.Add("application/x-www-form-urlencoded", "actionUuid=x&customerType=%zz")
	f.Add("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"actionUuid\"\r\n\r\nx\r\n--b--")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		got, err := readForm(request("/", contentType, body), actionParams)
		if list, ok := errors.AsType[faults](err); err != nil && (!ok || len(list) != 1) {
			t.Fatalf("error %v", err)
		}
		for name, v := range got {
			if v.wrong == "" && v.text != strings.ToValidUTF8(v.text, "?") {
				t.Errorf("%s is %q", name, v.text)
			}
		}
	})
}
