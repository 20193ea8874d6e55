package local

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/ir/diag"
)

// service is the unit of the program.
func (u *unit) service() []*section {
	return []*section{u.unitSection(), u.serviceSection(), u.notes(), u.installSection()}
}

func (u *unit) unitSection() *section {
	s := &section{name: "Unit"}
	s.set("Description", u.name()+" (a flowc pipeline)")
	if u.several() {
		s.remark("Those that it feeds start before it and stop after it, so that nothing is left on the way.")
		s.set("PartOf", u.app.Pipeline+".target")
		for _, other := range u.all[u.n+1:] {
			if other.app.Process != u.app.Process {
				s.set("After", other.name()+".service")
			}
		}
	}
	if u.reaches() && !u.host.User {
		s.all("Wants=network-online.target", "After=network-online.target")
	}
	if !u.app.Bounded {
		s.remark("A program that can't start is tried for as long as it takes.")
		s.set("StartLimitIntervalSec", "0")
	}
	return s
}

// reaches tells whether the program is on the network: it connects to something or
// listens.
func (u *unit) reaches() bool {
	return len(u.app.Endpoints) > 0 || u.serves() || len(u.app.Ports) > 1
}

// serves tells whether the program has its pages.
func (u *unit) serves() bool { return u.o.Metrics != "" || u.p.Telemetry.HTTP != nil }

// several tells whether the pipeline has several processes.
func (u *unit) several() bool { return len(u.all) > 1 }

// target is the unit that is all processes of a pipeline.
func (u *unit) target() []*section {
	unit := &section{name: "Unit"}
	unit.set("Description", u.app.Pipeline+" (a flowc pipeline in several processes)")
	for _, one := range u.all {
		unit.set("Wants", one.name()+".service")
	}
	return []*section{unit, u.notes(), u.startedWith()}
}

// notes are what is applied, for whoever reads the unit.
func (u *unit) notes() *section {
	s := &section{name: "X-Flowc"}
	s.all(u.host.Release...)
	return s
}

func (u *unit) serviceSection() *section {
	s := &section{name: "Service"}
	u.run(s)
	u.environment(s)
	u.limits(s)
	u.user(s)
	u.shutOff(s)
	return s
}

// The program's exit codes for what does not get better by itself: an argument or a
// setting that is wrong.
const exitUsage = 2

// dieOfFaults is the variable that has a fault of Go's, such as no memory left, and SIGABRT
// end a program by a signal. Without it both are exit code 2, after which a program is not
// started again.
const dieOfFaults = "GOTRACEBACK=crash"

// run is how it starts, ends and is started again.
func (u *unit) run(s *section) {
	if u.app.Bounded && u.several() {
		s.remark("It ends by itself, with all processes of the pipeline; those that feed it wait for its start, and not for its end.")
		s.set("Type", "exec")
	} else if u.app.Bounded {
		s.remark("It ends by itself: a run has succeeded when it has ended.")
		s.set("Type", "oneshot")
	} else {
		s.remark("It says itself when all inputs and outputs are connected, and every so often that it is alive.")
		s.all("Type=notify", "NotifyAccess=main", "TimeoutStartSec=infinity", "WatchdogSec=60")
	}
	s.set("ExecStart", strings.Join(append([]string{plain(u.binary())}, u.args()...), " "))
	s.remark("SIGTERM drains: no record is lost, and what was cut short goes on from its checkpoint (143).")
	s.all("KillSignal=SIGTERM", "TimeoutStopSec="+seconds(u.app.Grace), "SuccessExitStatus=143")
	s.all("Restart=on-failure", "RestartSec=5", "RestartPreventExitStatus="+strconv.Itoa(exitUsage))
}

// environment is what it finds: its folder, its variables, its secrets.
func (u *unit) environment(s *section) {
	if u.host.Data != "" {
		s.remark("Its state and relative paths are there, and outlive it.")
		s.set("WorkingDirectory", strings.ReplaceAll(u.host.Data, "%", "%%"))
	} else {
		s.remark("Its state and relative paths are in /var/lib/" + u.folder() + ", which outlives it.")
		s.all("StateDirectory="+u.folder(), "StateDirectoryMode=0700", "WorkingDirectory=%S/"+u.folder())
	}
	u.bring(s)
	s.set("Environment", "GOMEMLIMIT="+strconv.FormatInt(u.app.GoMemory>>20, 10)+"MiB")
	s.remark("What the watchdog ends dies of its signal, and not with the exit code of a wrong setting.")
	s.set("Environment", dieOfFaults)
	if text := assignments(u.settings()); text != "" {
		s.set("Environment", quote("FLOWC_SET="+text))
	}
	for _, v := range u.app.Env {
		if !v.Secret {
			s.set("Environment", quote(v.Name+"="+v.Value))
		}
	}
	if file := u.environmentFile(); file != "" {
		s.set("EnvironmentFile", plain(file))
	}
	for _, f := range u.app.SecretFiles {
		if at := u.credential(f); strings.ContainsAny(f.Name+at, ": \t\n\"'\\") {
			u.list.Errorf(diag.TargetName, f.Span, "systemd can have no credential `%s` of `%s`: there may be no space, quote or colon in it", f.Name, at).
				Helpf("give the file another name, or say where it is: `targets: {local: {secrets: {files: {%q: /etc/%s/token}}}}`", f.Name, u.app.Name)
		}
		s.set("LoadCredential", plain(f.Name)+":"+plain(u.credential(f)))
	}
}

func (u *unit) limits(s *section) {
	s.set("MemoryMax", strconv.FormatInt(u.app.Memory>>20, 10)+"M")
	s.set("MemorySwapMax", "0")
	if u.o.CPU > 0 {
		s.set("CPUQuota", strconv.FormatFloat(u.o.CPU*100, 'f', -1, 64)+"%")
	}
	s.set("TasksMax", strconv.Itoa(u.o.Tasks*u.app.Programs()))
	s.all("LimitNOFILE=65536", "LimitCORE=0")
}

// user is who it runs as, and where that user may write.
func (u *unit) user(s *section) {
	if u.host.User {
		return // it is whose manager that is
	}
	if u.o.User == "" {
		s.set("DynamicUser", "yes")
	} else {
		s.set("User", u.o.User)
	}
	if u.o.Group != "" {
		s.set("Group", u.o.Group)
	}
	for _, d := range u.app.Dirs {
		if u.o.User == "" {
			u.list.Errorf(diag.TargetOption, u.at(), "the program writes to `%s`, and a user that systemd makes for each start owns no folder but that of the state", d.Path).
				Helpf("say who does: `targets: {local: {user: NAME}}`, or write to a relative path")
		}
		s.set("ReadWritePaths", plain(d.Path))
	}
}

// shutOff is what it can't reach of the host.
func (u *unit) shutOff(s *section) {
	if u.host.User {
		s.remark("A user's own manager can forbid calls of the system, and hide nothing of the host.")
		s.all("UMask=0077", "NoNewPrivileges=yes", "SystemCallArchitectures=native", "SystemCallFilter=@system-service", "SystemCallErrorNumber=EPERM",
			"LockPersonality=yes", "MemoryDenyWriteExecute=yes", "RestrictNamespaces=yes", "RestrictRealtime=yes", "RestrictSUIDSGID=yes")
		return
	}
	s.remark("It reads files, and writes to its own folders alone.")
	s.all("ProtectSystem=strict", "PrivateTmp=yes", "UMask=0077")
	if home := u.inHome(); home != "" {
		s.remark("`" + home + "` is below a home.")
		s.set("ProtectHome", "read-only")
	} else {
		s.set("ProtectHome", "yes")
	}
	u.capabilities(s)
	s.all("SystemCallArchitectures=native", "SystemCallFilter=@system-service", "SystemCallFilter=~@privileged @resources", "SystemCallErrorNumber=EPERM")
	s.all("PrivateDevices=yes", "DevicePolicy=closed", "ProtectClock=yes", "ProtectControlGroups=yes", "ProtectHostname=yes",
		"ProtectKernelLogs=yes", "ProtectKernelModules=yes", "ProtectKernelTunables=yes", "ProtectProc=invisible", "ProcSubset=pid",
		"LockPersonality=yes", "MemoryDenyWriteExecute=yes", "RestrictNamespaces=yes", "RestrictRealtime=yes", "RestrictSUIDSGID=yes",
		"RemoveIPC=yes", "KeyringMode=private")
	if u.reaches() {
		s.set("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX")
		return
	}
	s.remark("It connects to nothing and listens nowhere.")
	s.all("PrivateNetwork=yes", "RestrictAddressFamilies=AF_UNIX", "IPAddressDeny=any")
}

// capabilities are none, but for a port that only root may open.
func (u *unit) capabilities(s *section) {
	low := false
	for _, p := range u.app.Ports {
		low = low || p.Number < 1024 && !p.Pages
	}
	if !low {
		s.all("NoNewPrivileges=yes", "CapabilityBoundingSet=", "AmbientCapabilities=", "PrivateUsers=yes")
		return
	}
	s.remark("It listens on a port below 1024.")
	s.all("NoNewPrivileges=yes", "CapabilityBoundingSet=CAP_NET_BIND_SERVICE", "AmbientCapabilities=CAP_NET_BIND_SERVICE")
}

// inHome is a file that it reads below a folder of users', "" where there is none.
func (u *unit) inHome() string {
	for _, in := range u.app.Inputs {
		at, _ := u.input(in)
		for _, home := range []string{"/home/", "/root/", "/run/user/"} {
			if strings.HasPrefix(at, home) {
				return at
			}
		}
	}
	return ""
}

// installSection is that of the service: one of several starts with their target.
func (u *unit) installSection() *section {
	if u.several() {
		return &section{name: "Install"}
	}
	return u.startedWith()
}

// startedWith has a pipeline without an end start with the host, or with its user.
func (u *unit) startedWith() *section {
	s := &section{name: "Install"}
	switch {
	case u.ends():
	case u.host.User:
		s.set("WantedBy", "default.target")
	default:
		s.set("WantedBy", "multi-user.target")
	}
	return s
}

// ends tells whether all of the pipeline comes to an end.
func (u *unit) ends() bool {
	return !slices.ContainsFunc(u.all, func(other *unit) bool { return !other.app.Bounded })
}

// seconds is a duration as systemd has it.
func seconds(d time.Duration) string {
	return fmt.Sprint(int64((d + time.Second - 1) / time.Second))
}
