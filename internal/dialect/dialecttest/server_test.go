package dialecttest

import (
	"strings"
	"testing"
)

func TestCheckLog(t *testing.T) {
	for _, tt := range []struct {
		name, log string
		failed    bool
		want      string // part of the error; empty for none
	}{
		{name: "empty"},
		{name: "nothing odd", log: "{}\nchi@v5.5.0 +0x58e\n"},
		{name: "cause", log: "x " + cause, failed: true},
		{name: "no cause", log: "{}\n", failed: true, want: "is not in the log"},
		{name: "e-mail", log: "{}\nann@example.com\n", want: "personal data"},
		{name: "phone", log: "{}\n+15853042456\n", want: "personal data"},
		{name: "secret", log: "{}\nkey opm_2!\n", want: "a secret"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &Server{secrets: []string{"opm_1", "opm_2"}, faults: faults{failed: tt.failed}}
			err := s.checkLog(tt.log)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
