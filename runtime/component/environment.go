package component

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An environment is what a component is told by its variables.
type environment struct {
	address, healthAddress string
	id                     string
	plane                  string // the address of the control plane, "" for none
	interval               time.Duration
}

// environmentOf reads the variables.
func environmentOf(get func(string) string) (e environment, err error) {
	e.interval = 10 * time.Second
	if e.address, err = addressOf(get, "PORT", "GRPC_PORT"); err != nil {
		return e, err
	}
	if e.address == "" {
		e.address = ":50051"
	}
	if e.healthAddress, err = addressOf(get, "HEALTH_PORT"); err != nil {
		return e, err
	}
	for _, name := range []string{"FLOWCTL_COMPONENT_ID", "FLOWCTL_SERVICE_ID"} {
		if e.id == "" {
			e.id = get(name)
		}
	}
	if on, _ := strconv.ParseBool(get("ENABLE_FLOWCTL")); !on {
		return e, nil
	}
	if e.plane = get("FLOWCTL_ENDPOINT"); e.plane == "" {
		return e, fmt.Errorf("component: ENABLE_FLOWCTL is true, and FLOWCTL_ENDPOINT does not say where the control plane is: set it to HOST:PORT")
	}
	if text := get("FLOWCTL_HEARTBEAT_INTERVAL"); text != "" {
		if e.interval, err = time.ParseDuration(text); err != nil || e.interval <= 0 {
			return e, fmt.Errorf("component: FLOWCTL_HEARTBEAT_INTERVAL is %q: write a duration such as 10s", text)
		}
	}
	return e, nil
}

// addressOf is the address that the first variable that is set names, as 50051, :50051 or
// 127.0.0.1:50051; "" for none.
func addressOf(get func(string) string, names ...string) (string, error) {
	for _, name := range names {
		text := get(name)
		if text == "" {
			continue
		}
		at := strings.LastIndexByte(text, ':')
		if port, err := strconv.Atoi(text[at+1:]); err != nil || port < 0 || port > 65535 {
			return "", fmt.Errorf("component: %s is %q: write a port, such as 50051 or :50051", name, text)
		}
		if at < 0 {
			return ":" + text, nil
		}
		return text, nil
	}
	return "", nil
}
