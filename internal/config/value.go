package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// readers read the values of flags whose kind the library does not know, or of which it speaks in the words of Go.
func readers() []kong.Option {
	return []kong.Option{reader(readTime), reader(readMoment), reader(readNetwork), reader(readURL)}
}

// reader has the values of one type read by read.
func reader[T any](read func(text string) (T, error)) kong.Option {
	return kong.TypeMapper(reflect.TypeFor[T](), kong.MapperFunc(func(c *kong.DecodeContext, target reflect.Value) error {
		token, err := c.Scan.PopValue(c.Value.Name)
		if err != nil {
			return err
		}
		text, ok := token.Value.(string)
		if !ok { // of a file
			text = fmt.Sprint(token.Value)
		}
		value, err := read(text)
		if err != nil {
			return err
		}
		target.Set(reflect.ValueOf(value))
		return nil
	}))
}

// maxDays is more than anybody waits, and still in the bounds of time.Duration.
const maxDays = 100_000

// readTime reads how long something takes, in Go's form or in days of 24 hours.
func readTime(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && -maxDays <= n && n <= maxDays {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	} else if d, err := time.ParseDuration(text); err == nil {
		return d, nil
	}
	return 0, fmt.Errorf("%q is no time: write a number and a unit, such as 30d, 12h, 90m or 15s", text)
}

// readMoment reads when something is.
func readMoment(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no date and time: write it as 2027-01-31T08:00:00Z", text)
	}
	return at, nil
}

// readNetwork reads a network, or an address as the network of that alone.
func readNetwork(text string) (netip.Prefix, error) {
	if network, err := netip.ParsePrefix(text); err == nil {
		return network, nil
	}
	address, err := netip.ParseAddr(text)
	if err == nil && address.Zone() != "" {
		err = errors.New("a network has no zone")
	}
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no network: write an address or a network, such as 192.0.2.1 or 10.0.0.0/8", text)
	}
	return netip.PrefixFrom(address, address.BitLen()), nil
}

// readURL reads a URL, which may have a password in it. What is none becomes a URL that leads nowhere, for checkURLs to refuse: with
// an error of this function the library would print what stands in the environment.
func readURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return &url.URL{}, nil
	}
	return u, nil
}
