package httpd

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// ListenTLS is Listen for HTTPS, over HTTP/1.1 and HTTP/2. The config holds the certificates; TLS 1.2 is the least that is
// spoken, with the cipher suites that Go holds safe.
func ListenTLS(addr string, handler http.Handler, log *slog.Logger, config *tls.Config) (*Server, error) {
	l := patient()
	l.tls = config.Clone()
	l.tls.MinVersion = max(l.tls.MinVersion, tls.VersionTLS12)
	return listen(addr, handler, log, l)
}

// streamLimits bound what one connection of HTTP/2 may occupy. A stream that its client resets goes on counting until its
// handler has returned, and more than four times as many that wait end the connection (net/http): resetting fast gains
// nothing.
func streamLimits() *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams:          100,
		MaxDecoderHeaderTableSize:     4 << 10,
		MaxReadFrameSize:              16 << 10,
		MaxReceiveBufferPerConnection: 1 << 20,
		MaxReceiveBufferPerStream:     256 << 10,
		SendPingTimeout:               30 * time.Second,
		PingTimeout:                   15 * time.Second,
		WriteByteTimeout:              30 * time.Second,
	}
}

// StrictTransport makes browsers that came by HTTPS come by HTTPS for a year. Subdomains are none of this server's.
func StrictTransport(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// ToHTTPS sends what was asked for by GET or HEAD to the server's HTTPS port; 443 goes without saying. Other methods are
// refused: what they carry has gone over the wire in clear, and their sender should hear of it.
func ToHTTPS(port string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead || host == "" {
			http.Error(w, "This server speaks HTTPS. What you sent travelled in clear: change its secrets.", http.StatusForbidden)
			return
		}
		host = net.JoinHostPort(strings.Trim(host, "[]"), port) // brackets stand about an IPv6 address without a port, too
		host = strings.TrimSuffix(host, ":443")
		http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusPermanentRedirect)
	})
}
