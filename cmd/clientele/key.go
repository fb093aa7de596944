package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/config"
)

type keyCommand struct {
	Issue  keyIssue  `cmd:"" help:"Issue a credential; its secret is shown this once."`
	List   keyList   `cmd:"" help:"List the credentials, without their secrets."`
	Revoke keyRevoke `cmd:"" help:"End a credential; takes effect within five seconds."`
	Rotate keyRotate `cmd:"" help:"Give a credential a new secret; the old one works for the overlap."`
}

type keyIssue struct {
	config.Book
	Project         []string `help:"Project that the credential opens; repeatable for onlinewerkrooster." required:"" sep:"none" placeholder:"NAME"`
	Dialect         string   `help:"Partner API: opm, onlinewerkrooster, primelead or dkhardware." enum:"opm,onlinewerkrooster,primelead,dkhardware" required:""`
	Name            string   `help:"The partner's name." required:"" placeholder:"PARTNER"`
	Scope           []string `help:"Scope to grant; repeatable. Default: all that the dialect has." placeholder:"S"`
	ReadsPerMinute  *int     `help:"Reads the partner may make in a minute; 0 for no limit. Default: 200 for dkhardware, otherwise no limit." placeholder:"N"`
	WritesPerMinute *int     `help:"Writes the partner may make in a minute; 0 for no limit. Default: 100 for dkhardware, otherwise no limit." placeholder:"N"`
	Expires         string   `help:"When it expires: after a time (90d, 12h, 1s) or on a day (2027-01-31, its first second in UTC). Default: never." placeholder:"WHEN"`
	ClientID        string   `help:"Client id that the partner uses already, such as that of its client at an OpenID Connect issuer (dkhardware)." name:"client-id" placeholder:"ID"`
	CustomerKey     []string `help:"CustomerKey, a UUID, that the partner uses already for a project; one for each --project, in their order (onlinewerkrooster). Default: new ones." sep:"none" placeholder:"UUID"`
	SecretStdin     bool     `help:"Take the secret that the partner uses already from standard input, instead of making one."`
	JSON            bool     `help:"Print one JSON object."`
}

// Run issues the credential.
func (c *keyIssue) Run(ctx context.Context, std streams) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	expires, err := access.ParseExpiry(c.Expires, now)
	if err != nil {
		return usage("--expires %s", explain(err))
	}
	order := access.Order{
		Dialect: clientele.Dialect(c.Dialect), Name: strings.TrimSpace(c.Name), Scopes: c.Scope,
		ReadsPerMinute: c.ReadsPerMinute, WritesPerMinute: c.WritesPerMinute, ExpiresAt: expires,
		ClientID: c.ClientID, ProjectKeys: c.CustomerKey,
	}
	if c.SecretStdin {
		if order.Secret, err = readSecret(ctx, std.in); err != nil {
			return err
		}
	}
	return withBook(ctx, c.Book, func(s store) error {
		for _, name := range c.Project {
			p, err := s.FindProject(ctx, name)
			if err != nil {
				return err
			}
			order.Projects = append(order.Projects, p)
		}
		issued, err := access.Issue(ctx, s, order, now)
		if err != nil {
			return err
		}
		text := func(w io.Writer) error { return printIssued(w, issued, order.Projects, c.JSON) }
		return showOnce(std.out, text, func() string { return takeBack(ctx, s, &issued.Credential, order.Secret) })
	})
}

// readSecret returns the first line of in.
func readSecret(ctx context.Context, in io.Reader) (string, error) {
	line, err := readLine(ctx, in)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read secret: %w", err)
	}
	if line = strings.TrimSpace(line); line == "" {
		return "", usage("--secret-stdin needs the secret on standard input")
	}
	return line, nil
}

// readLine returns the first line of in, of up to 4 KiB; with io.EOF when it has no end. It waits for it until ctx is done: an
// operator who is asked for something at a terminal must be able to leave.
func readLine(ctx context.Context, in io.Reader) (string, error) {
	var line string
	var err error
	read := make(chan struct{})
	go func() {
		defer close(read)
		line, err = bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-read:
		return line, err
	}
}

// issuedJSON is a new credential as the commands print it.
type issuedJSON struct {
	ID          int64          `json:"id"`
	Project     any            `json:"project"`
	Dialect     string         `json:"dialect"`
	Name        string         `json:"name"`
	ExpiresAt   string         `json:"expiresAt,omitzero"`
	Credentials map[string]any `json:"credentials"`
}

// printIssued shows a credential with its secret. What concerns one of several projects is shown by project.
func printIssued(w io.Writer, issued access.Issued, projects []clientele.Project, asJSON bool) error {
	c := issued.Credential
	names := make(map[int64]string, len(projects))
	list := make([]string, len(projects))
	for i, p := range projects {
		names[p.ID], list[i] = p.Name, p.Name
	}
	if asJSON {
		out := issuedJSON{
			ID: c.ID, Dialect: string(c.Dialect), Name: c.Name, ExpiresAt: stamp(c.ExpiresAt), Project: list,
			Credentials: credentialValues(issued, names),
		}
		if len(list) == 1 {
			out.Project = list[0]
		}
		return printJSON(w, out)
	}
	fmt.Fprintf(w, "Credential %d of %q for %s, project %s:\n\n", c.ID, c.Name, c.Dialect, strings.Join(list, ", "))
	for _, v := range issued.Values {
		if v.ProjectID != 0 && len(projects) > 1 {
			fmt.Fprintf(w, "  %s: %s  (%s)\n", v.Name, v.Text, names[v.ProjectID])
			continue
		}
		fmt.Fprintf(w, "  %s: %s\n", v.Name, v.Text)
	}
	_, err := fmt.Fprint(w, "\nHand it over now: it is shown this once and kept only as a hash.\n")
	return err
}

func credentialValues(issued access.Issued, names map[int64]string) map[string]any {
	values := map[string]any{}
	several := len(issued.Credential.Grants) > 1
	for _, v := range issued.Values {
		if v.ProjectID == 0 || !several {
			values[v.Name] = v.Text
			continue
		}
		byProject, ok := values[v.Name].(map[string]string)
		if !ok {
			byProject = map[string]string{}
			values[v.Name] = byProject
		}
		byProject[names[v.ProjectID]] = v.Text
	}
	return values
}

type keyList struct {
	config.Book
	JSON bool `help:"Print one JSON object."`
}

// keyJSON is a credential as key list prints it.
type keyJSON struct {
	ID              int64    `json:"id"`
	Projects        []string `json:"projects"`
	Dialect         string   `json:"dialect"`
	Name            string   `json:"name"`
	Hint            string   `json:"hint"`
	ClientID        string   `json:"clientId,omitzero"`
	Scopes          []string `json:"scopes"`
	ReadsPerMinute  int      `json:"readsPerMinute"`
	WritesPerMinute int      `json:"writesPerMinute"`
	State           string   `json:"state"`
	CreatedAt       string   `json:"createdAt"`
	ExpiresAt       string   `json:"expiresAt,omitzero"`
	RevokedAt       string   `json:"revokedAt,omitzero"`
	LastUsedAt      string   `json:"lastUsedAt,omitzero"`
}

// Run lists the credentials.
func (c *keyList) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.Book, func(s store) error {
		projects, err := s.ListProjects(ctx)
		if err != nil {
			return err
		}
		credentials, err := s.ListCredentials(ctx)
		if err != nil {
			return err
		}
		list := make([]keyJSON, len(credentials))
		rows := make([]string, len(credentials))
		for i := range credentials {
			k := keyOutput(&credentials[i], projects)
			list[i] = k
			rows[i] = fmt.Sprintf("%d\t%s\t%s\t%s\t%s\t%s\t%s", k.ID, strings.Join(k.Projects, ", "), k.Dialect, k.Name,
				orDash(k.Hint), k.State, orDash(k.LastUsedAt))
		}
		if c.JSON {
			return printJSON(std.out, struct {
				Keys []keyJSON `json:"keys"`
			}{list})
		}
		return printTable(std.out, "ID\tPROJECT\tDIALECT\tPARTNER\tBEGINS WITH\tSTATE\tLAST USED", rows)
	})
}

func keyOutput(c *clientele.Credential, projects []clientele.Project) keyJSON {
	k := keyJSON{
		ID: c.ID, Projects: []string{}, Dialect: string(c.Dialect), Name: c.Name, Hint: c.Hint, ClientID: c.ClientID.V,
		Scopes: append([]string{}, c.Scopes...), ReadsPerMinute: c.ReadsPerMinute, WritesPerMinute: c.WritesPerMinute,
		State: string(access.StateOf(c, time.Now())), CreatedAt: stamp(c.CreatedAt), ExpiresAt: stamp(c.ExpiresAt), RevokedAt: stamp(c.RevokedAt),
		LastUsedAt: stamp(c.LastUsedAt),
	}
	for _, g := range c.Grants {
		for _, p := range projects {
			if p.ID == g.ProjectID {
				k.Projects = append(k.Projects, p.Name)
			}
		}
	}
	return k
}

type keyRevoke struct {
	config.Book
	ID   int64 `arg:"" name:"id" help:"The credential's id, as key list shows it."`
	JSON bool  `help:"Print one JSON object."`
}

// Run revokes the credential.
func (c *keyRevoke) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.Book, func(s store) error {
		if err := s.RevokeCredential(ctx, c.ID, time.Now()); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, struct {
				ID      int64 `json:"id"`
				Revoked bool  `json:"revoked"`
			}{c.ID, true})
		}
		_, err := fmt.Fprintf(std.out, "Credential %d is revoked; running servers refuse it within five seconds.\n", c.ID)
		return err
	})
}

type keyRotate struct {
	config.Book
	ID      int64         `arg:"" name:"id" help:"The credential's id, as key list shows it."`
	Overlap time.Duration `help:"How long the old secret goes on working (default ${default})." default:"24h" placeholder:"TIME"`
	JSON    bool          `help:"Print one JSON object."`
}

// Run gives the credential a new secret.
func (c *keyRotate) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.Book, func(s store) error {
		issued, err := access.Rotate(ctx, s, access.Rotation{CredentialID: c.ID, Overlap: c.Overlap}, time.Now().UTC().Truncate(time.Microsecond))
		if err != nil {
			return err
		}
		all, err := s.ListProjects(ctx)
		if err != nil {
			return err
		}
		var projects []clientele.Project
		for _, g := range issued.Credential.Grants {
			for _, p := range all {
				if p.ID == g.ProjectID {
					projects = append(projects, p)
				}
			}
		}
		text := func(w io.Writer) error { return printIssued(w, issued, projects, c.JSON) }
		return showOnce(std.out, text, always("rotate it once more, the one before works for %s: clientele key rotate %d", c.Overlap, c.ID))
	})
}
