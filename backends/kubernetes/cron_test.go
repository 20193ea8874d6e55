package kubernetes

import "testing"

func TestCron(t *testing.T) {
	for text, ok := range map[string]bool{
		"0 3 * * *": true, "*/15 * * * *": true, "0 0 1,15 * *": true, "30 4 1-7 jan-MAR mon-fri": true, "0 0 ? * 0": true, "5/10 * * * *": true,
		"@daily": true, "@every 1h30m": true,
		"": false, "* * * *": false, "* * * * * *": false, "60 * * * *": false, "* 24 * * *": false, "* * 0 * *": false, "* * * 13 *": false, "* * * * 7": false,
		"*/0 * * * *": false, "5-1 * * * *": false, "a * * * *": false, "+5 * * * *": false, "@noon": false, "@every x": false, "@every 1ms": false, "1,,2 * * * *": false,
	} {
		if why := cronError(text); (why == "") != ok {
			t.Errorf("%q: %s", text, why)
		}
	}
}
