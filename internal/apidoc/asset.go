package apidoc

import (
	"embed"
	"fmt"
	"strings"
)

// static holds what the pages use. Where scalar.js.gz comes from says static/README.md.
//
//go:embed static/scalar.js.gz static/reference.js static/docs.css static/icon.svg static/licences.txt.gz
var static embed.FS

// links are the addresses of the assets, as the pages name them.
type links struct{ Scalar, Script, Style, Icon string }

// assets are the files that the pages use.
type assets struct {
	byName   map[string]*content // by name, hash included
	licences *content
	links    links
}

// loadAssets reads the embedded files, and compresses those that are not.
func loadAssets() (*assets, error) {
	a := &assets{byName: map[string]*content{}}
	for _, f := range []struct {
		file, media string
		link        *string
	}{
		{"scalar.js.gz", "text/javascript; charset=utf-8", &a.links.Scalar},
		{"reference.js", "text/javascript; charset=utf-8", &a.links.Script},
		{"docs.css", "text/css; charset=utf-8", &a.links.Style},
		{"icon.svg", "image/svg+xml", &a.links.Icon},
	} {
		c, err := loadStatic(f.file, f.media)
		if err != nil {
			return nil, err
		}
		c.cache = immutable
		name, extension, _ := strings.Cut(strings.TrimSuffix(f.file, ".gz"), ".")
		address := name + "." + c.hash + "." + extension
		a.byName[address] = c
		*f.link = "/docs/static/" + address
	}
	var err error
	a.licences, err = loadStatic("licences.txt.gz", "text/plain; charset=utf-8")
	return a, err
}

func loadStatic(file, media string) (*content, error) {
	bytes, err := static.ReadFile("static/" + file)
	if err != nil {
		return nil, err
	}
	pack := compress
	if strings.HasSuffix(file, ".gz") {
		pack = compressed
	}
	c, err := pack(media, bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}
