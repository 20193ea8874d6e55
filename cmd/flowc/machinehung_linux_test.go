package main

import (
	"strings"
	"testing"
)

// A program that hangs is ended by the watchdog and started again, and what it had not
// written is written then.
func TestMachineHung(t *testing.T) {
	a := newBooted(t, nil).applied("mill")
	a.write(mill, "overlay: {Service: {WatchdogSec: 2, RestartSec: 1}}")
	a.feed(1000)
	a.flowc(exitOK, "apply", "--yes")
	a.arrived()
	first := a.show("mill", "MainPID")
	a.Run("kill", "-STOP", first)
	a.feed(1000)
	eventually(t, "it is started again", func() bool { return a.show("mill", "NRestarts") == "1" && a.show("mill", "ActiveState") == "active" })
	a.arrived()
	said, _ := a.flowc(exitOK, "status")
	a.says(said, "ready", "started again once")
	if said, _ = a.flowc(exitOK, "logs", "mill", "-t", "local"); !strings.Contains(said, "Watchdog timeout") {
		t.Errorf("nobody says why it was started again:\n%s", said)
	}
	a.flowc(exitOK, "delete", "--state", "--yes")
	a.nothing()
}
