package apidoc

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
)

//go:embed page/*.html
var pages embed.FS

// indexPage is what index.html shows.
type indexPage struct {
	Links links
	APIs  []*described
}

// referencePage is what reference.html shows.
type referencePage struct {
	Links links
	APIs  []*described
	API   *described
}

func renderIndex(apis []*described, l links) (*content, error) {
	return render("index.html", indexPage{l, apis})
}

func renderReference(apis []*described, api *described, l links) (*content, error) {
	c, err := render("reference.html", referencePage{l, apis, api})
	if err == nil {
		c.policy = referencePolicy
	}
	return c, err
}

// render executes a template whole before anything of it is served.
func render(name string, page any) (*content, error) {
	t, err := template.New(name).Option("missingkey=error").ParseFS(pages, "page/"+name, "page/frame.html")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, page); err != nil {
		return nil, fmt.Errorf("page %s: %w", name, err)
	}
	return compress("text/html; charset=utf-8", b.Bytes())
}
