package dkhardware_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/book"
	"clientele/internal/dialect/dialecttest"
)

// renewToken is the step "token NAME": the client has a token that was just issued.
func renewToken(ctx context.Context, s *dialecttest.Server, name, _ string) error {
	return setToken(ctx, s, access.NewTokens(s.Access, s.Store, clientele.DKHardware), name)
}

// claim is the step "claim": a worker takes the submissions that wait, and dies.
func claim(ctx context.Context, s *dialecttest.Server, _, _ string) error {
	now := s.Clock.Now()
	c := clientele.Claim{Lease: "a worker that dies", At: now, Until: now.Add(30 * time.Second)}
	list, err := s.Store.ClaimSubmissions(ctx, s.Project, c, 1000)
	if err == nil && len(list) == 0 {
		return fmt.Errorf("nothing to claim")
	}
	return err
}

// carryOutAtOnce is the step "at once": from now on submissions are carried out with their acceptance, as the server has it.
func carryOutAtOnce(_ context.Context, s *dialecttest.Server, _, _ string) error {
	s.Book.CarryOutAtOnce()
	return nil
}

// entry is the step "entry ID": an OPM partner of the first project sends a customer under its own id, with the e-mail
// address that stands below.
func entry(ctx context.Context, s *dialecttest.Server, id, email string) error {
	call := book.Call{ProjectID: s.Project, Origin: clientele.Origin{Dialect: clientele.OPM, RequestID: "entry"}}
	_, err := s.Book.Upsert(ctx, call, clientele.Details{ExternalID: clientele.Some(id), Email: clientele.Some(email)})
	return err
}

// register is the step "register COMPANY": an Onlinewerkrooster partner of the first project creates a company with an
// address in parts.
func register(ctx context.Context, s *dialecttest.Server, company, _ string) error {
	call := book.Call{ProjectID: s.Project, Origin: clientele.Origin{Dialect: clientele.Onlinewerkrooster, RequestID: "register"}}
	_, err := s.Book.Register(ctx, call, clientele.Details{Company: clientele.Some(company)}, &clientele.Address{
		AddressDetails: clientele.AddressDetails{
			Street: clientele.Some("Louis Pasteurstraat"), StreetNumber: clientele.Some("15B"), City: clientele.Some("Nijmegen"),
		},
	})
	return err
}

// revoke is the step "revoke NAME": the client's credential is revoked, as by the command.
func revoke(ctx context.Context, s *dialecttest.Server, name, _ string) error {
	c, err := s.Store.FindCredentialByClientID(ctx, s.Vars[name+"_ID"])
	if err != nil {
		return err
	}
	return s.Store.RevokeCredential(ctx, c.ID, s.Clock.Now())
}

// setBasic is the step "basic NAME": $BASIC is the client in HTTP Basic.
func setBasic(_ context.Context, s *dialecttest.Server, name, _ string) error {
	s.Vars["BASIC"] = base64.StdEncoding.EncodeToString([]byte(s.Vars[name+"_ID"] + ":" + s.Vars[name+"_SECRET"]))
	return nil
}

// setEncodedBasic is the step "encoded basic NAME": the same, form-encoded even where there is no need.
func setEncodedBasic(_ context.Context, s *dialecttest.Server, name, _ string) error {
	encode := func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "0", "%30") }
	text := encode(s.Vars[name+"_ID"]) + ":" + encode(s.Vars[name+"_SECRET"])
	s.Vars["BASIC"] = base64.StdEncoding.EncodeToString([]byte(text))
	return nil
}

// fail30Times is the step "fail 30 times NAME": somebody guesses at the client's secret.
func fail30Times(_ context.Context, s *dialecttest.Server, name, _ string) error {
	for i := range 30 {
		a, err := s.Send(&dialecttest.Request{
			Method: "POST", Target: "/oauth/token",
			Header: []dialecttest.HeaderLine{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}},
			Body:   fmt.Appendf(nil, "grant_type=client_credentials&client_id=%s&client_secret=guess-%d", s.Vars[name+"_ID"], i),
		})
		if err != nil {
			return err
		}
		if a.Status != 401 {
			return fmt.Errorf("attempt %d is answered %d", i, a.Status)
		}
	}
	return nil
}

func rotateSigningKey(ctx context.Context, s *dialecttest.Server, _, _ string) error {
	return access.RotateSigningKey(ctx, s.Store, s.Clock.Now())
}

func replaceSigningKeys(ctx context.Context, s *dialecttest.Server, _, _ string) error {
	return access.ReplaceSigningKeys(ctx, s.Store, s.Clock.Now())
}

// fiveCustomers is the step "five customers from TIME": 1@example.com to 5@example.com, a second after each other.
func fiveCustomers(ctx context.Context, s *dialecttest.Server, start, _ string) error {
	if err := s.Clock.Set(start); err != nil {
		return err
	}
	for i := range 5 {
		call := book.Call{ProjectID: s.Project, Origin: clientele.Origin{Dialect: clientele.DKHardware, RequestID: "five"}}
		d := clientele.Details{Email: clientele.Some(fmt.Sprintf("%d@example.com", i+1))}
		if _, err := s.Book.Create(ctx, call, d, nil); err != nil {
			return err
		}
		if err := s.Work(ctx); err != nil {
			return err
		}
		if err := s.Clock.Set("+1s"); err != nil {
			return err
		}
	}
	return nil
}
