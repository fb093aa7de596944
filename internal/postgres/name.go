package postgres

import (
	"slices"
	"strconv"
	"strings"
)

// Name returns what a database is called in front of people and in what is kept: its hosts and its name, without the user,
// the password and the settings of its URL. The error says what is wrong with the URL and never shows a password.
func Name(url string) (string, error) {
	c, err := parseURL(url)
	if err != nil {
		return "", err
	}
	cc := c.ConnConfig
	hosts := []string{hostOf(cc.Host, cc.Port)}
	for _, f := range cc.Fallbacks {
		hosts = append(hosts, hostOf(f.Host, f.Port)) // each host may be there twice: with TLS and without
	}
	return "postgres://" + strings.Join(slices.Compact(hosts), ",") + "/" + cc.Database, nil
}

func hostOf(host string, port uint16) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(int(port))
}
