package local

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// timer is the unit that starts a program by the clock, nil for none. A run that was due
// while the host was off is made up for.
func (u *unit) timer() []*section {
	if u.o.Schedule == "" || !u.app.Bounded {
		return nil
	}
	calendar, err := calendar(u.o.Schedule)
	if err != nil {
		return nil // schedule has said so
	}
	unit := &section{name: "Unit"}
	unit.set("Description", "Starts "+u.app.Name+" by the clock")
	timer := &section{name: "Timer"}
	timer.all("OnCalendar="+calendar, "Persistent=yes", "AccuracySec=1s")
	install := &section{name: "Install"}
	install.set("WantedBy", "timers.target")
	return []*section{unit, timer, u.notes(), install}
}

// schedule checks the schedule.
func (u *unit) schedule() {
	if u.o.Schedule == "" {
		return
	}
	if !u.app.Bounded {
		u.list.Errorf(diag.TargetOption, u.at("schedule"), "a schedule is for a program that ends by itself, and `%s` goes on for ever", u.endless()).
			Helpf("leave `schedule` out")
	}
	if len(u.p.Pieces) > 0 {
		u.list.Errorf(diag.TargetScale, u.at("schedule"), "a timer of systemd's starts one process, and the pipeline has several").
			Helpf("leave `schedule` or `scale` out")
	}
	if _, err := calendar(u.o.Schedule); err != nil {
		u.list.Errorf(diag.TargetOption, u.at("schedule"), "`%s` is no schedule: %v", u.o.Schedule, err).
			Helpf("write five fields of cron (`\"30 3 * * *\"`) or a calendar expression of systemd's (`\"*-*-* 03:30:00\"`)")
	}
}

// endless names a source without an end.
func (u *unit) endless() string {
	for _, n := range u.p.Nodes {
		if op, ok := n.Op.(*ir.Source); ok && !op.Bounded {
			return n.YAML
		}
	}
	return u.app.Name
}

// cronField are the fields of cron that have a meaning for systemd: numbers, ranges,
// lists and steps.
var cronField = regexp.MustCompile(`^(\*|[0-9]+(-[0-9]+)?)(/[0-9]+)?(,[0-9]+(-[0-9]+)?(/[0-9]+)?)*$`)

var cronDays = regexp.MustCompile(`^(\*|([0-7]|(?i:sun|mon|tue|wed|thu|fri|sat))(-([0-7]|(?i:sun|mon|tue|wed|thu|fri|sat)))?(,([0-7]|(?i:sun|mon|tue|wed|thu|fri|sat))(-([0-7]|(?i:sun|mon|tue|wed|thu|fri|sat)))?)*)$`)

// calendar is a schedule as systemd has it. What is not cron passes as it is.
func calendar(schedule string) (string, error) {
	fields := strings.Fields(schedule)
	if word, ok := strings.CutPrefix(schedule, "@"); ok {
		switch word {
		case "hourly", "daily", "weekly", "monthly", "yearly", "annually":
			return word, nil
		case "midnight":
			return "daily", nil
		}
		return "", fmt.Errorf("there is no @%s", word)
	}
	if len(fields) != 5 || strings.ContainsAny(fields[0], ":") {
		if strings.ContainsAny(schedule, "\n\r") || !strings.ContainsAny(schedule, ":-") && !calendarWord.MatchString(schedule) {
			return "", fmt.Errorf("it is neither cron nor a calendar expression")
		}
		return schedule, nil
	}
	minute, hour, day, month, week := fields[0], fields[1], fields[2], fields[3], fields[4]
	for i, f := range fields[:4] {
		if !cronField.MatchString(f) {
			return "", fmt.Errorf("its field %d, `%s`, is none of cron's", i+1, f)
		}
	}
	if !cronDays.MatchString(week) {
		return "", fmt.Errorf("its weekdays, `%s`, are none", week)
	}
	if day != "*" && week != "*" {
		return "", fmt.Errorf("cron means one or the other by a day and a weekday, and systemd both")
	}
	days := ""
	if week != "*" {
		days = weekdays(week) + " "
	}
	return fmt.Sprintf("%s*-%s-%s %s:%s:00", days, dateField(month, "01"), dateField(day, "01"), dateField(hour, "00"), dateField(minute, "00")), nil
}

var calendarWord = regexp.MustCompile(`^(minutely|hourly|daily|weekly|monthly|quarterly|semiannually|yearly|annually)$`)

// dateField is a field of cron as systemd has it: two dots in ranges, and a step that
// says where it begins.
func dateField(f, first string) string {
	var parts []string
	for _, part := range strings.Split(f, ",") {
		if part == "*" {
			return "*"
		}
		part = strings.ReplaceAll(part, "*/", first+"/")
		parts = append(parts, strings.ReplaceAll(part, "-", ".."))
	}
	return strings.Join(parts, ",")
}

// weekdays are days of the week by the names that systemd has for them.
func weekdays(f string) string {
	names := []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
	var parts []string
	for _, part := range strings.Split(f, ",") {
		var ends []string
		for _, end := range strings.Split(part, "-") {
			if len(end) == 1 {
				end = names[end[0]-'0']
			}
			ends = append(ends, strings.ToUpper(end[:1])+strings.ToLower(end[1:]))
		}
		parts = append(parts, strings.Join(ends, ".."))
	}
	return strings.Join(parts, ",")
}
