package apidoc_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestContent_CompressedAndPlainAreTheSame(t *testing.T) {
	for _, target := range []string{"/openapi/opm.json", "/docs/", "/docs/opm/", "/docs/licences.txt", asset(t, "scalar"), asset(t, "reference"), asset(t, "docs"), asset(t, "icon")} {
		plain, zipped := get(t, target), get(t, target, "Accept-Encoding", "br, gzip;q=0.8")
		if plain.Code != 200 || zipped.Code != 200 || plain.Header().Get("Content-Encoding") != "" || zipped.Header().Get("Content-Encoding") != "gzip" {
			t.Fatalf("%s: %d %v, %d %v", target, plain.Code, plain.Header(), zipped.Code, zipped.Header())
		}
		for _, w := range []string{plain.Header().Get("Vary"), zipped.Header().Get("Vary")} {
			if w != "Accept-Encoding" {
				t.Errorf("%s: Vary %q", target, w)
			}
		}
		if plain.Header().Get("Content-Length") != strconv.Itoa(plain.Body.Len()) || zipped.Header().Get("Content-Length") != strconv.Itoa(zipped.Body.Len()) {
			t.Errorf("%s: a length that is another", target)
		}
		r, err := gzip.NewReader(zipped.Body)
		if err != nil {
			t.Fatal(err)
		}
		if inner, err := io.ReadAll(r); err != nil || !bytes.Equal(inner, plain.Body.Bytes()) {
			t.Errorf("%s: compressed it is something else (%v)", target, err)
		}
	}
}

func TestContent_WhoRefusesGzipGetsItPlain(t *testing.T) {
	for _, accept := range []string{"", "br", "gzip;q=0", "gzip; q=0.0", "x-gzip"} {
		if w := get(t, "/docs/", "Accept-Encoding", accept); w.Header().Get("Content-Encoding") != "" {
			t.Errorf("Accept-Encoding %q: compressed", accept)
		}
	}
}

func TestContent_HeadIsGetWithoutTheBody(t *testing.T) {
	for _, target := range []string{"/openapi/opm.json", "/docs/", "/docs/opm/", asset(t, "scalar")} {
		for _, accept := range []string{"gzip", ""} {
			head, get := ask(t, "HEAD", target, "Accept-Encoding", accept), get(t, target, "Accept-Encoding", accept)
			if head.Code != 200 || head.Body.Len() != 0 {
				t.Errorf("HEAD %s: %d with %d bytes", target, head.Code, head.Body.Len())
			}
			for _, name := range []string{"Content-Length", "Content-Type", "Content-Encoding", "ETag", "Cache-Control"} {
				if head.Header().Get(name) != get.Header().Get(name) {
					t.Errorf("HEAD %s: %s %q, with GET %q", target, name, head.Header().Get(name), get.Header().Get(name))
				}
			}
		}
	}
}

func TestContent_WhoHasItIsToldSo(t *testing.T) {
	for _, target := range []string{"/openapi/opm.json", "/docs/", "/docs/opm/", asset(t, "docs")} {
		plain, zipped := get(t, target).Header().Get("ETag"), get(t, target, "Accept-Encoding", "gzip").Header().Get("ETag")
		if plain == "" || plain == zipped {
			t.Errorf("%s: the tags %q and %q", target, plain, zipped)
		}
		for known, want := range map[string]int{
			plain: 304, "W/" + plain: 304, `"other", ` + plain: 304, "*": 304, zipped: 200, `"other"`: 200,
		} {
			w := get(t, target, "If-None-Match", known)
			if w.Code != want || w.Header().Get("ETag") != plain || want == 304 && w.Body.Len() > 0 {
				t.Errorf("%s, If-None-Match %s: %d with %d bytes, want %d", target, known, w.Code, w.Body.Len(), want)
			}
		}
	}
}

func TestContent_OnlyWhatHasItsHashInItsAddressIsKept(t *testing.T) {
	for target, want := range map[string]string{
		"/openapi/opm.json": "no-cache", "/docs/": "no-cache", "/docs/opm/": "no-cache",
		asset(t, "scalar"): "public, max-age=31536000, immutable", asset(t, "docs"): "public, max-age=31536000, immutable",
	} {
		if got := get(t, target).Header().Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control %q, want %q", target, got, want)
		}
	}
}

// TestScalar_IsTheOneOfTheNote compares the vendored file with what static/README.md says of it.
func TestScalar_IsTheOneOfTheNote(t *testing.T) {
	note, err := os.ReadFile("static/README.md")
	if err != nil {
		t.Fatal(err)
	}
	file := get(t, asset(t, "scalar")).Body.Bytes()
	sum := sha256.Sum256(file)
	if !strings.Contains(string(note), "`"+hex.EncodeToString(sum[:])+"`") {
		t.Errorf("the file's SHA-256 is %x, which the note does not say", sum)
	}
	if !bytes.Contains(file, []byte("1.72.1")) || !strings.Contains(string(note), "version 1.72.1") {
		t.Error("the file or the note is of another version than 1.72.1")
	}
	if licences := get(t, "/docs/licences.txt").Body.String(); !strings.Contains(licences, "@scalar/api-reference 1.72.1") || !strings.Contains(licences, "Copyright (c) 2023-present Scalar") {
		t.Error("its licence is missing")
	}
}
