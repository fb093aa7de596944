package primelead

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"clientele"
	"clientele/internal/book"
	"clientele/internal/dialect"
)

// The bounds of what a click tells, in characters. A visitor is never turned away because of them: what is longer is cut.
const (
	maxSub       = 255
	maxUserAgent = 512
)

var subParams = []string{"sub1", "sub2", "sub3", "sub4", "sub5"}

// handleLink returns the handler of a link: it sends the visitor where follow says.
func (a *API) handleLink(follow func(*http.Request, book.Link) (to string, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		clientele.RequestOf(r.Context()).Dialect = clientele.PrimeLead
		to, err := followSafely(follow, r)
		if err != nil {
			failLink(w, r, err)
			return
		}
		w.Header()["Location"] = []string{to}
		w.Header()["Content-Length"] = zeroLength
		w.WriteHeader(http.StatusFound)
	}
}

var zeroLength = []string{"0"}

// followSafely turns a panic into an error, so that it is answered with a page for people.
func followSafely(follow func(*http.Request, book.Link) (string, error), r *http.Request) (to string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	campaign, ok := parseUUID(pathParam(r, "campaignUuid"))
	publisher, okToo := parseUUID(pathParam(r, "publisherUuid"))
	if !ok || !okToo {
		return "", clientele.Errorf(clientele.KindNotFound, "this is no link")
	}
	return follow(r, book.Link{CampaignUUID: campaign, PublisherUUID: publisher})
}

// click registers an action and, once it is durable, leads to the campaign's landing page.
func (a *API) click(r *http.Request, link book.Link) (string, error) {
	info := clientele.RequestOf(r.Context())
	origin := clientele.Origin{Dialect: clientele.PrimeLead, RequestID: info.ID}
	clicked, err := a.leads.Click(r.Context(), origin, link, a.visit(r))
	if err != nil {
		return "", err
	}
	info.ProjectID, info.Result = clicked.ProjectID, clientele.Created
	return withAction(clicked.LandingURL, clicked.LeadUUID), nil
}

// clickHead leads to the landing page and registers nothing: link checkers and previews send HEAD.
func (a *API) clickHead(r *http.Request, link book.Link) (string, error) {
	clicked, err := a.leads.Landing(r.Context(), link)
	if err != nil {
		return "", err
	}
	clientele.RequestOf(r.Context()).ProjectID = clicked.ProjectID
	return clicked.LandingURL, nil
}

// visit returns what the click tells. A mark that is sent twice counts as it was sent first.
func (a *API) visit(r *http.Request) book.Visit {
	var v book.Visit
	if r.URL.RawQuery != "" {
		sent := newReader(subParams)
		sent.unescape = unescapeMark
		sent.readPairs(r.URL.RawQuery)
		for i, name := range subParams {
			v.Subs[i] = clientele.NonEmpty(storable(sent.form[name].text, maxSub))
		}
	}
	if ip := a.options.VisitorIP(r); ip.IsValid() {
		v.IP = clientele.Some(ip.Unmap().WithZone("").String())
	}
	v.UserAgent = clientele.NonEmpty(storable(r.Header.Get("User-Agent"), maxUserAgent))
	return v
}

// unescapeMark decodes what can be decoded of a mark: a percent sign that begins no escape stays as it stands.
func unescapeMark(raw string) (string, error) {
	if text, err := url.QueryUnescape(raw); err == nil {
		return text, nil
	}
	var b strings.Builder
	for i := range len(raw) {
		b.WriteByte(raw[i])
		if raw[i] == '%' && (len(raw) < i+3 || !isHex(raw[i+1]) || !isHex(raw[i+2])) {
			b.WriteString("25")
		}
	}
	return url.QueryUnescape(b.String())
}

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

// storable returns a text that can be stored: its first characters, in UTF-8, without NUL.
func storable(text string, maxRunes int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
	if len(text) <= maxRunes || utf8.RuneCountInString(text) <= maxRunes {
		return text
	}
	return string([]rune(text)[:maxRunes])
}

// withAction adds the action to the query of an address and leaves the rest of it as it is.
func withAction(address, actionUUID string) string {
	page, fragment, hasFragment := strings.Cut(address, "#")
	separator := "?"
	if _, query, hasQuery := strings.Cut(page, "?"); hasQuery {
		separator = "&"
		if query == "" || strings.HasSuffix(query, "&") {
			separator = ""
		}
	}
	page += separator + "utm_action=" + actionUUID
	if hasFragment {
		page += "#" + fragment
	}
	return page
}

// failLink answers a link that could not be followed: for people, not for programs. The error itself goes to the log.
func failLink(w http.ResponseWriter, r *http.Request, err error) {
	if clientele.KindOf(err) == clientele.KindNotFound {
		deadLink(w, r)
		return
	}
	clientele.RequestOf(r.Context()).Err = err
	e, ok := errors.AsType[*clientele.Error](err)
	if !ok {
		e = &clientele.Error{}
	}
	dialect.SetRetryAfter(w.Header(), &clientele.Error{RetryAfter: max(e.RetryAfter, retryUnforeseen)})
	plainPage(w, http.StatusServiceUnavailable, "This page cannot be reached at the moment. Please try again.")
}

// deadLink answers a link that leads nowhere, whatever the reason: the bytes are the same.
func deadLink(w http.ResponseWriter, r *http.Request) {
	clientele.RequestOf(r.Context()).Dialect = clientele.PrimeLead
	plainPage(w, http.StatusNotFound, "This link leads nowhere.")
}

func plainPage(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(sentence + "\n")) // a visitor that hung up hears nothing
}
