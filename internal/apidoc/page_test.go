package apidoc_test

import (
	"encoding/json"
	"html"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clientele/internal/apidoc"
)

// TestPages_ListEveryOperation looks at what a reader without JavaScript sees.
func TestPages_ListEveryOperation(t *testing.T) {
	index := readable(get(t, "/docs/").Body.String())
	for _, d := range descriptions() {
		page := readable(get(t, "/docs/"+d.Name+"/").Body.String())
		for _, link := range []string{`href="/openapi/` + d.Name + `.json"`, `href="/docs/` + d.Name + `/"`} {
			if !strings.Contains(index, link) || !strings.Contains(page, link) {
				t.Errorf("%s: the index or its page lacks %s", d.Name, link)
			}
		}
		var doc struct {
			Paths map[string]map[string]json.RawMessage
		}
		if err := json.Unmarshal(get(t, "/openapi/"+d.Name+".json").Body.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		count := 0
		for path, item := range doc.Paths {
			for method, raw := range item {
				var operation struct{ Summary string }
				if method == "parameters" || json.Unmarshal(raw, &operation) != nil {
					continue
				}
				count++
				line := `>` + strings.ToUpper(method) + `</span> <code>` + path + `</code> <span class="summary">` + operation.Summary + `</span>`
				if !strings.Contains(page, line) || !strings.Contains(index, line) {
					t.Errorf("%s: the index or its page lacks %s", d.Name, line)
				}
			}
		}
		if got := strings.Count(page, `<span class="method `); got != count || count == 0 {
			t.Errorf("%s: the page lists %d operations of %d", d.Name, got, count)
		}
	}
}

func readable(page string) string { return html.UnescapeString(page) }

// TestPages_AreWholeAndHaveNoCode holds the pages to the policy that they are served with: nothing inline, nothing from
// elsewhere.
func TestPages_AreWholeAndHaveNoCode(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<script(?:[^>]*)>[^<]|<style|\sstyle=|\son[a-z]+=|javascript:|(?:src|href)="(?:https?:)?//`)
	for _, target := range []string{"/docs/", "/docs/opm/", "/docs/onlinewerkrooster/", "/docs/primelead/", "/docs/dkhardware/"} {
		w := get(t, target)
		page := w.Body.String()
		if w.Code != 200 || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || !strings.HasSuffix(strings.TrimSpace(page), "</html>") {
			t.Errorf("%s: %d, not a whole page", target, w.Code)
		}
		if found := inline.FindString(page); found != "" {
			t.Errorf("%s: %q", target, found)
		}
		if !strings.Contains(page, `<html lang="en">`) || strings.Count(page, "<h1>") != 1 || !strings.Contains(page, "<title>") {
			t.Errorf("%s: no language, no title or not one heading", target)
		}
	}
}

func TestPages_ADescriptionCannotAddMarkup(t *testing.T) {
	const evil = `"<script>alert(1)</script>"`
	w := httptest.NewRecorder()
	handler(t, []apidoc.Description{{Name: "x", Title: "<b>", YAML: []byte(`openapi: 3.1.0
info: {summary: ` + evil + `, version: ` + evil + `}
tags: [{name: ` + evil + `, description: ` + evil + `}]
paths: {/<script>: {get: {tags: [` + evil + `], summary: ` + evil + `}}}
`)}}).ServeHTTP(w, httptest.NewRequest("GET", "/docs/x/", nil))
	page := w.Body.String()
	if strings.Contains(page, "<script>") || strings.Contains(page, "<b>") || !strings.Contains(page, "&lt;script&gt;") {
		t.Errorf("the page has the description's markup:\n%s", page)
	}
}

// TestReference_NothingLeavesTheServer makes sure that the settings that keep the reference at home are set, and that the
// vendored version knows them.
func TestReference_NothingLeavesTheServer(t *testing.T) {
	script, scalar := get(t, asset(t, "reference")).Body.String(), get(t, asset(t, "scalar")).Body.String()
	for _, setting := range []string{
		`withDefaultFonts: false`, `telemetry: false`, `proxyUrl: ""`, `agent: { disabled: true }`, `mcp: { disabled: true }`,
		`hideClientButton: true`, `showDeveloperTools: "never"`, `persistAuth: false`,
	} {
		name, _, _ := strings.Cut(setting, ":")
		if !strings.Contains(script, setting) {
			t.Errorf("%s is not set", setting)
		}
		if !strings.Contains(scalar, name+":") {
			t.Errorf("the vendored version knows no %s", name)
		}
	}
}

// TestReference_SamplesInFiveLanguages compares the languages that the vendored version has samples in with those that are
// turned off.
func TestReference_SamplesInFiveLanguages(t *testing.T) {
	all := regexp.MustCompile("\\{c:\\[`libcurl`\\][^}]*\\}").FindString(get(t, asset(t, "scalar")).Body.String())
	off := regexp.MustCompile(`(?s)others = \{.*?\};`).FindString(get(t, asset(t, "reference")).Body.String())
	if all == "" || off == "" {
		t.Fatal("the lists of languages are not where they were")
	}
	var shown []string
	for target, libraries := range samples(all) {
		for _, library := range libraries {
			if !slices.Contains(samples(off)[target], library) {
				shown = append(shown, target+"/"+library)
			}
		}
	}
	slices.Sort(shown)
	want := []string{"go/native", "js/fetch", "php/curl", "python/requests", "shell/curl"}
	if !slices.Equal(shown, want) {
		t.Errorf("samples are shown in %v, want %v", shown, want)
	}
}

// samples reads lists of libraries by their language: c:[`libcurl`].
func samples(text string) map[string][]string {
	list := map[string][]string{}
	for _, m := range regexp.MustCompile(`(\w+): ?\[([^\]]*)\]`).FindAllStringSubmatch(text, -1) {
		for _, library := range strings.Split(m[2], ",") {
			list[m[1]] = append(list[m[1]], strings.Trim(library, " `\""))
		}
	}
	return list
}
