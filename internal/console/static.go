package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

//go:embed static
var staticFiles embed.FS

// assets are the files that pages load. Each is served under a name with the hash of its content, so that a browser may
// keep it for ever.
type assets struct {
	// urls has the path of each file by its name; files its content by the last part of that path.
	urls  map[string]string
	files map[string][]byte
}

// loadAssets reads the files that are part of the program. That cannot fail but by a mistake in the program.
func loadAssets() *assets {
	a := &assets{urls: map[string]string{}, files: map[string][]byte{}}
	err := fs.WalkDir(staticFiles, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := staticFiles.ReadFile(name)
		if err != nil {
			return err
		}
		base, ext := path.Base(name), path.Ext(name)
		sum := sha256.Sum256(content)
		hashed := strings.TrimSuffix(base, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.urls[base], a.files[hashed] = root+"static/"+hashed, content
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("console: the embedded files: %v", err))
	}
	return a
}

// url returns the path of a file of static/.
func (a *assets) url(name string) string { return a.urls[name] }

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	name := chi.URLParam(r, "name")
	content, ok := a.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}
