package main

import (
	"context"
	"fmt"
	"time"

	"clientele/internal/access"
	"clientele/internal/config"
)

type signingKeyCommand struct {
	Rotate signingKeyRotate `cmd:"" help:"Make a new key for signing access tokens now; servers do so by themselves every 30 days."`
}

type signingKeyRotate struct {
	config.Book
	Leaked bool `help:"The old keys leaked: end every token that was signed with them, on all servers within a minute."`
	JSON   bool `help:"Print one JSON object."`
}

// Run makes a new signing key.
func (c *signingKeyRotate) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.Book, func(s store) error {
		rotate, said := access.RotateSigningKey, "New tokens are signed with a new key; tokens in circulation stay valid until they are over."
		if c.Leaked {
			rotate, said = access.ReplaceSigningKeys, "All tokens end within a minute; partners ask for new ones."
		}
		if err := rotate(ctx, s, time.Now()); err != nil {
			return fmt.Errorf("rotate signing key: %w", err)
		}
		if c.JSON {
			return printJSON(std.out, struct {
				Rotated bool `json:"rotated"`
				Leaked  bool `json:"leaked"`
			}{true, c.Leaked})
		}
		_, err := fmt.Fprintln(std.out, said)
		return err
	})
}
