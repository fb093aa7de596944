package access

import (
	"context"

	"clientele"
)

// Client is how a client proves itself.
type Client struct{ ID, Secret string }

// Authenticate returns the credential of a client (RFC 6749 section 2.3). The secret alone names it, as every secret does;
// the id has to fit. What was sent may be read in several ways: the first that is right counts, and when none is, the client
// failed once.
//
// The error is of kind unauthorized when the client is unknown, its secret wrong, or its credential revoked or expired, all
// alike; rate_limited when it failed too often in this minute; unavailable when the store cannot be asked.
func (t *Tokens) Authenticate(ctx context.Context, readings ...Client) (*clientele.Credential, error) {
	var tried []proof
	var limited error
	for _, client := range readings {
		p := t.try(ctx, client)
		switch clientele.KindOf(p.err) {
		case clientele.KindUnauthorized:
			tried = append(tried, p)
		case clientele.KindRateLimited:
			limited = p.err
		default:
			return p.credential, p.err
		}
	}
	t.note(ctx, tried)
	if limited != nil {
		return nil, limited
	}
	return nil, unauthorized
}

// proof is what became of one reading.
type proof struct {
	clientID   string // that the failure counts against; empty for none
	credential *clientele.Credential
	err        error
}

func (t *Tokens) try(ctx context.Context, client Client) proof {
	if client.ID == "" || len(client.ID) > maxClientID {
		return proof{err: unauthorized}
	}
	if err := t.failed.check(client.ID); err != nil {
		return proof{err: err}
	}
	fits := func(c *clientele.Credential) bool { return c.ClientID.V == client.ID }
	c, hash, err := t.access.seek(ctx, t.dialect, client.Secret, fits)
	if err != nil {
		return proof{clientID: client.ID, err: err}
	}
	t.access.guesses.note(ctx, hash, nil)
	return proof{credential: c}
}

// note counts a client that failed in every reading: once against each id that it may have meant, and once against its address.
// A right secret under a wrong id is as good a guess as any.
func (t *Tokens) note(ctx context.Context, tried []proof) {
	ids := map[string]bool{}
	for _, p := range tried {
		if p.clientID != "" && !ids[p.clientID] {
			ids[p.clientID] = true
			t.failed.add(p.clientID)
		}
	}
	if len(ids) > 0 {
		t.access.guesses.fail(ctx)
	}
}
