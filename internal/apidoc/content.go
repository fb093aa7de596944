package apidoc

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// content is something that is served as it is, the same to everybody. It is held compressed, which most clients take.
type content struct {
	media string
	// cache is its Cache-Control.
	cache string
	// hash tells its bytes apart from others, in hexadecimal.
	hash string
	gzip []byte
	// size is that of the plain bytes.
	size int64
	// policy is its Content-Security-Policy.
	policy string
}

const (
	// immutable is for what has its hash in its address.
	immutable = "public, max-age=31536000, immutable"
	// revalidate is for what keeps its address when it changes.
	revalidate = "no-cache"
)

// compress returns plain bytes as content.
func compress(media string, plain []byte) (*content, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return compressed(media, b.Bytes())
}

// compressed returns what is compressed already as content.
func compressed(media string, gz []byte) (*content, error) {
	const trailer = 8 // RFC 1952: a checksum and the plain size, four bytes each
	if len(gz) < trailer {
		return nil, fmt.Errorf("%d bytes are no gzip file", len(gz))
	}
	sum := sha256.Sum256(gz)
	return &content{
		media: media, cache: revalidate, policy: strictPolicy, hash: hex.EncodeToString(sum[:8]), gzip: gz,
		size: int64(binary.LittleEndian.Uint32(gz[len(gz)-4:])),
	}, nil
}

// ServeHTTP answers GET and HEAD.
func (c *content) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	zipped := acceptsGzip(r.Header.Values("Accept-Encoding"))
	tag := `"` + c.hash + `"`
	if zipped {
		tag = `"` + c.hash + `-gzip"`
	}
	h := w.Header()
	protect(h, c.policy)
	h.Set("Cache-Control", c.cache)
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", tag)
	if isKnown(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", c.media)
	if zipped {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(c.gzip)))
	} else {
		h.Set("Content-Length", strconv.FormatInt(c.size, 10))
	}
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	if zipped {
		_, _ = w.Write(c.gzip) // a caller that hung up hears nothing
		return
	}
	plain, err := gzip.NewReader(bytes.NewReader(c.gzip))
	if err == nil {
		_, err = io.Copy(w, plain)
	}
	if err != nil {
		panic(http.ErrAbortHandler) // what broke off must not look whole
	}
}

// acceptsGzip reports whether the values of Accept-Encoding name gzip and do not refuse it (RFC 9110 section 12.5.3).
func acceptsGzip(values []string) bool {
	for _, value := range values {
		for coding := range strings.SplitSeq(value, ",") {
			name, parameters, _ := strings.Cut(coding, ";")
			if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
				continue
			}
			weight, _ := strings.CutPrefix(strings.ReplaceAll(parameters, " ", ""), "q=")
			q, err := strconv.ParseFloat(weight, 64)
			return err != nil || q > 0
		}
	}
	return false
}

// isKnown reports whether the values of If-None-Match name the tag. They are compared weakly (RFC 9110 section 13.1.2).
func isKnown(values []string, tag string) bool {
	for _, value := range values {
		for known := range strings.SplitSeq(value, ",") {
			known = strings.TrimSpace(known)
			if known == "*" || strings.TrimPrefix(known, "W/") == tag {
				return true
			}
		}
	}
	return false
}
