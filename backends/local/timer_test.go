package local

import (
	"os/exec"
	"testing"
)

func TestCalendar(t *testing.T) {
	for _, test := range []struct{ schedule, want string }{
		{"30 3 * * *", "*-*-* 3:30:00"},
		{"*/15 * * * *", "*-*-* *:00/15:00"},
		{"0 8-18/2 * * mon-fri", "Mon..Fri *-*-* 8..18/2:0:00"},
		{"0 0 1,15 */3 *", "*-01/3-1,15 0:0:00"},
		{"5 4 * * 0,6", "Sun,Sat *-*-* 4:5:00"},
		{"@daily", "daily"},
		{"@midnight", "daily"},
		{"weekly", "weekly"},
		{"Mon *-*-* 03:30:00", "Mon *-*-* 03:30:00"},
		{"0 0 1 * mon", ""},
		{"61m * * * *", ""},
		{"* * * * someday", ""},
		{"@sometimes", ""},
		{"now and then", ""},
		{"daily\n[Service]", ""},
	} {
		got, err := calendar(test.schedule)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%q becomes %q, %v; want %q", test.schedule, got, err, test.want)
		}
		if test.want == "" {
			continue
		}
		tool, err := exec.LookPath("systemd-analyze")
		if err != nil {
			t.Log("systemd does not say what it thinks of them: systemd-analyze is not here")
			continue
		}
		if text, err := exec.Command(tool, "calendar", got).CombinedOutput(); err != nil {
			t.Errorf("systemd refuses %q: %v\n%s", got, err, text)
		}
	}
}
