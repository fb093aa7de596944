package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"clientele"

	"github.com/google/uuid"
)

// dkhScopes are all that a DKHardware client can be granted.
func dkhScopes() []string {
	return []string{"customers", "customers:create", "customers:update", "customers:status", "subscriptions", "subscriptions:edit"}
}

// bad are secrets that were good once, or are good elsewhere.
type bad struct {
	revoked, expired, rotated map[clientele.Dialect]string
	tokens                    map[string]string // of DKHardware, by what is wrong with them
	clients                   map[string]*submitter
	// without are clients with every scope but one.
	without map[string]*submitter
}

// secretName names the secret of a dialect among the values of a credential.
func secretName(d clientele.Dialect) string {
	return map[clientele.Dialect]string{
		clientele.OPM: "x-api-key", clientele.Onlinewerkrooster: "apikey", clientele.PrimeLead: "advertiserUUID", clientele.DKHardware: "client_secret",
	}[d]
}

// spoil makes credentials of the other project that are good for nothing any more.
func (e *estate) spoil() bad {
	e.t.Helper()
	w := bad{
		map[clientele.Dialect]string{},
		map[clientele.Dialect]string{},
		map[clientele.Dialect]string{},
		map[string]string{},
		map[string]*submitter{},
		map[string]*submitter{},
	}
	for _, d := range []clientele.Dialect{clientele.OPM, clientele.Onlinewerkrooster, clientele.PrimeLead} {
		id, values := e.issue("other", string(d))
		w.revoked[d] = fmt.Sprint(values[secretName(d)])
		e.b.command("key", "revoke", id).wants(e.t, exitOK)
		_, values = e.issue("other", string(d), "--expires", "1ms")
		w.expired[d] = fmt.Sprint(values[secretName(d)])
		id, values = e.issue("other", string(d))
		w.rotated[d] = fmt.Sprint(values[secretName(d)])
		e.b.command("key", "rotate", id, "--overlap", "0s").wants(e.t, exitOK)
	}
	e.spoilClients(&w)
	for _, scope := range dkhScopes() {
		var rest []string
		for _, other := range dkhScopes() {
			if other != scope {
				rest = append(rest, "--scope", other)
			}
		}
		w.without[scope] = e.client("other", rest...)
	}
	return w
}

// spoilClients makes clients, with tokens where they can have one before they are spoilt.
func (e *estate) spoilClients(w *bad) {
	e.t.Helper()
	client := func(more ...string) (string, *submitter) {
		id, v := e.issue("other", "dkhardware", more...)
		return id, &submitter{clientID: fmt.Sprint(v["client_id"]), secret: fmt.Sprint(v["client_secret"])}
	}
	id, revoked := client()
	revoked.login(e.t, e.s)
	e.b.command("key", "revoke", id).wants(e.t, exitOK)
	id, rotated := client()
	e.b.command("key", "rotate", id, "--overlap", "0s").wants(e.t, exitOK)
	const short = 3 * time.Second
	_, expired := client("--expires", short.String())
	expired.login(e.t, e.s)
	expires := time.Now().Add(short)
	_, gone := client("--expires", "1ms")
	w.clients = map[string]*submitter{
		"revoked": revoked, "rotated": rotated, "expired": gone,
		"unknown":          {clientID: uuid.NewString(), secret: e.other.dkh.secret},
		"another's secret": {clientID: e.other.dkh.clientID, secret: e.shop.dkh.secret},
		"another's id":     {clientID: e.shop.dkh.clientID, secret: e.other.dkh.secret},
		"a key of opm":     {clientID: e.other.dkh.clientID, secret: e.other.opm},
		"no secret":        {clientID: e.other.dkh.clientID},
		"nothing":          {},
	}
	good := strings.Split(e.other.dkh.token, ".")
	theirs := strings.Split(e.shop.dkh.token, ".")
	w.tokens = map[string]string{
		"revoked": revoked.token, "expired": expired.token, "none at all": "", "a word": "token", "a key of opm": e.other.opm,
		"a client secret": e.other.dkh.secret, "unsigned": good[0] + "." + good[1] + ".", "in two parts": good[0] + "." + good[1],
		"another's signature": good[0] + "." + good[1] + "." + theirs[2], "another's claims": good[0] + "." + theirs[1] + "." + good[2],
		"alg none": "eyJhbGciOiJub25lIn0." + good[1] + ".", "with a blank": e.other.dkh.token + " x",
	}
	eventually(e.t, patience, "the short credential is over", func() bool { return time.Now().After(expires) })
}

// refused is how a dialect refuses who is not known.
func refused(d clientele.Dialect) answer {
	switch d {
	case clientele.OPM:
		return answer{status: http.StatusUnauthorized, body: unauthorizedBody}
	case clientele.Onlinewerkrooster:
		return answer{status: http.StatusUnauthorized, body: `{"code":"UNAUTHORIZED","message":"Not authorized."}`}
	case clientele.PrimeLead:
		return answer{status: http.StatusForbidden, body: `{"success":false,"message":"Permission denied","errors":[]}`}
	default:
		return answer{status: http.StatusUnauthorized, body: `{"status":401,"title":"Unauthorized.","traceId":"-"}`}
	}
}

// wrong are the credentials that open nothing of a dialect, by what is wrong with them.
func (e *estate) wrong(d clientele.Dialect, w bad) map[string]credential {
	headers := func(namesAndValues ...string) credential {
		c := credential{header: http.Header{}}
		for i := 0; i < len(namesAndValues); i += 2 {
			name := http.CanonicalHeaderKey(namesAndValues[i])
			c.header[name] = append(c.header[name], namesAndValues[i+1])
		}
		return c
	}
	k := e.other
	all := map[string]credential{}
	switch d {
	case clientele.OPM, clientele.Onlinewerkrooster:
		name, good, stranger := secretName(d), k.opm, k.owr
		if d == clientele.Onlinewerkrooster {
			good, stranger = k.owr, k.opm
		}
		for what, value := range map[string]string{
			"revoked": w.revoked[d], "expired": w.expired[d], "rotated": w.rotated[d], "unknown": good[:4] + strings.Repeat("0", 64),
			"another dialect's": stranger, "a token": k.dkh.token, "a client's secret": k.dkh.secret, "an advertiser's": k.advertiser,
			"empty": "", "cut off": good[:len(good)-1], "longer": good + "0",
		} {
			all[what] = headers(name, value)
		}
		all["nothing"] = headers()
		all["twice"] = headers(name, good, name, good)
		all["in the query"] = credential{query: "?" + name + "=" + good}
		all["in a cookie"] = headers("Cookie", name+"="+good)
		all["as a bearer"] = headers("Authorization", "Bearer "+good)
		if d == clientele.Onlinewerkrooster {
			all["a company's key alone"] = headers("CustomerKey", k.customerKey)
			all["another company's key"] = headers(name, good, "CustomerKey", e.shop.customerKey)
			all["another's with the company's key"] = headers(name, e.shop.owr, "CustomerKey", k.customerKey)
			all["an unknown company's key"] = headers(name, good, "CustomerKey", uuid.NewString())
		}
	case clientele.PrimeLead:
		for what, id := range map[string]string{
			"revoked": w.revoked[d], "expired": w.expired[d], "rotated": w.rotated[d], "unknown": uuid.NewString(), "nothing": "",
			"a client's id": k.dkh.clientID, "a company's key": k.customerKey, "an action": e.objects["action_uuid"],
			"a campaign": e.objects["campaignUuid"],
		} {
			all[what] = credential{advertiser: id}
		}
	case clientele.DKHardware:
		for what, token := range w.tokens {
			all[what] = headers("Authorization", "Bearer "+token)
		}
		all["nothing"] = headers()
		all["twice"] = headers("Authorization", "Bearer "+k.dkh.token, "Authorization", "Bearer "+k.dkh.token)
		all["another scheme"] = headers("Authorization", "Basic "+k.dkh.token)
		all["in the query"] = credential{query: "?access_token=" + k.dkh.token}
		all["a key of opm in its header"] = headers("x-api-key", k.opm)
	}
	return all
}
