package kubernetes

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/ir/diag"
)

// schedule refuses a schedule that a CronJob would.
func (b *builder) schedule() {
	if why := cronError(b.o.Schedule); why != "" {
		b.list.Errorf(diag.TargetOption, b.at("schedule"), "`%s` is no schedule: %s", b.o.Schedule, why).
			Helpf("five fields: minute, hour, day of the month, month, day of the week, such as `0 3 * * *`")
	}
	zone := b.o.TimeZone
	if zone == "" {
		return
	}
	// Which zones there are is for the cluster to know; what it is called can be seen.
	if zone == "Local" || !zoneForm.MatchString(zone) {
		b.list.Errorf(diag.TargetOption, b.at("timeZone"), "`%s` is no name of a time zone", zone).Helpf("write one such as `Europe/Berlin` or `Etc/UTC`")
	}
}

var zoneForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`)

// A cronField is one of the five fields of a schedule.
type cronField struct {
	name     string
	min, max int
	words    []string // of the first value and those behind it
}

var cronFields = []cronField{
	{"minute", 0, 59, nil},
	{"hour", 0, 23, nil},
	{"day of the month", 1, 31, nil},
	{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{"day of the week", 0, 6, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

// cronError says what is wrong with a schedule, "" for nothing.
func cronError(text string) string {
	switch text {
	case "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly":
		return ""
	}
	if every, ok := strings.CutPrefix(text, "@every "); ok {
		if d, err := time.ParseDuration(every); err != nil || d < time.Second {
			return "`" + every + "` is no time"
		}
		return ""
	}
	fields := strings.Fields(text)
	if len(fields) != len(cronFields) {
		return "it has " + strconv.Itoa(len(fields)) + " fields"
	}
	for i, f := range fields {
		for _, part := range strings.Split(f, ",") {
			if !cronFields[i].part(part) {
				return "`" + part + "` is no " + cronFields[i].name
			}
		}
	}
	return ""
}

// part tells whether a text is a value, a range, or steps of one.
func (f cronField) part(text string) bool {
	span, step, stepped := strings.Cut(text, "/")
	if stepped {
		if n, err := strconv.Atoi(step); err != nil || n < 1 {
			return false
		}
	}
	if span == "*" || span == "?" {
		return true
	}
	low, high, ranged := strings.Cut(span, "-")
	from, ok := f.value(low)
	if !ok || !ranged {
		return ok
	}
	to, ok := f.value(high)
	return ok && from <= to
}

func (f cronField) value(text string) (int, bool) {
	for i, word := range f.words {
		if strings.EqualFold(word, text) {
			return f.min + i, true
		}
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && f.min <= n && n <= f.max && !strings.HasPrefix(text, "+")
}
