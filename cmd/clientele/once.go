package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/signal"
	"syscall"
	"time"

	"clientele"
)

// secretText prints an answer that holds a secret.
type secretText func(w io.Writer) error

// showOnce prints a secret that is shown this once, all of it in one write. When nobody can have read it the error says so and
// ends with advice, what to do or what was done about that.
func showOnce(out io.Writer, text secretText, advice func() string) error {
	var b bytes.Buffer
	if err := text(&b); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // a reader that is gone would end the program before it can say what became of the secret
	if _, err := out.Write(b.Bytes()); err != nil {
		return fmt.Errorf("the secret could not be shown and is lost: %w; %s", err, advice())
	}
	return nil
}

// revoker is the part of a store that takes back a credential.
type revoker interface {
	RevokeCredential(ctx context.Context, id int64, at time.Time) error
}

// takeBack revokes a new credential whose secret nobody has seen, and says what became of it. One with a secret that the partner
// uses already is left.
func takeBack(ctx context.Context, s revoker, c *clientele.Credential, brought string) string {
	if brought != "" {
		return fmt.Sprintf("credential %d is made and works with the secret that was brought along", c.ID)
	}
	if err := s.RevokeCredential(context.WithoutCancel(ctx), c.ID, time.Now()); err != nil {
		return fmt.Sprintf("credential %d is made and has to be revoked (clientele key revoke %d), which failed now: %v", c.ID, c.ID, err)
	}
	return fmt.Sprintf("credential %d is revoked again: issue another", c.ID)
}

// always returns an advice that needs nothing done.
func always(format string, args ...any) func() string {
	return func() string { return fmt.Sprintf(format, args...) }
}
