package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// A Command is Docker Compose as a program of the user's.
type Command struct {
	// Path is the program, with the first arguments: docker compose, docker-compose.
	Path []string
	// Env is its environment, as os.Environ has it.
	Env []string
}

// FindCompose finds `docker compose`, or docker-compose of the same generation.
func FindCompose(ctx context.Context, env []string) (Command, error) {
	old := ""
	for _, path := range [][]string{{"docker", "compose"}, {"docker-compose"}} {
		full, err := exec.LookPath(path[0])
		if err != nil {
			continue
		}
		c := Command{Path: append([]string{full}, path[1:]...), Env: env}
		out, err := c.run(ctx, nil, "version", "--short")
		version := strings.TrimPrefix(strings.TrimSpace(out), "v")
		switch {
		case ctx.Err() != nil:
			return Command{}, ctx.Err()
		case err == nil && version != "" && !strings.HasPrefix(version, "1."):
			return c, nil
		case err == nil:
			old = version
		}
	}
	if old != "" {
		return Command{}, fmt.Errorf("docker-compose %s is too old: Docker Compose 2 is needed (https://docs.docker.com/compose/install)", old)
	}
	return Command{}, errors.New("there is neither `docker compose` nor docker-compose: install Docker Compose 2 (https://docs.docker.com/compose/install), or write the files with `flowc emit --target compose`")
}

// run runs Compose and returns what it prints. Its error is what it says.
func (c Command) run(ctx context.Context, stdin []byte, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.Path[0], append(append([]string(nil), c.Path[1:]...), args...)...)
	cmd.Env = c.Env
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.SysProcAttr = attributes()
	cmd.WaitDelay = killDelay
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	switch {
	case err == nil:
		return out.String(), nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	}
	if said := lastWords(errs.String() + "\n" + out.String()); said != "" {
		return "", errors.New(said)
	}
	return "", fmt.Errorf("%s: %w", strings.Join(c.Path, " "), err)
}

// lastWords are the lines with which Compose says why it failed: without its progress,
// and without the words that it puts before them.
func lastWords(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || progress(line) {
			continue
		}
		line = strings.TrimPrefix(line, "Error response from daemon: ")
		line = strings.TrimPrefix(line, "error while interpolating ")
		if len(lines) == 0 || lines[len(lines)-1] != line {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}

// progress tells lines like "Container orders-orders-1  Starting" and "orders Pulling".
func progress(line string) bool {
	words := strings.Fields(line)
	switch {
	case len(words) == 3 && slices.Contains([]string{"Container", "Network", "Volume", "Image"}, words[0]):
		return strings.HasSuffix(words[2], "ing") || strings.HasSuffix(words[2], "ed")
	case len(words) == 2:
		return words[1] == "Pulling" || words[1] == "Pulled"
	}
	return false
}

// on runs Compose for a release.
func (e *Engine) on(ctx context.Context, r *deploy.Release, args ...string) (string, error) {
	p, services, err := project(r)
	if err != nil {
		return "", err
	}
	file, err := labelled(r)
	if err != nil {
		return "", err
	}
	c := e.compose
	c.Env = append(append([]string(nil), c.Env...), "COMPOSE_IGNORE_ORPHANS=1", "COMPOSE_MENU=0", "COMPOSE_PROGRESS=plain", "COMPOSE_PROFILES="+profiles(services))
	for _, name := range sorted(r.Secrets) {
		c.Env = append(c.Env, name+"="+r.Secrets[name])
	}
	global := []string{"-f", "-", "--project-directory", r.Folder, "-p", unescape(p.Name)}
	return c.run(ctx, file, append(global, args...)...)
}

// profiles are those of the services, as Compose's variable has them.
func profiles(services map[string]service) string {
	var names []string
	for _, name := range sorted(services) {
		list, _ := services[name]["profiles"].([]any)
		for _, p := range list {
			if name, ok := p.(string); ok && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return strings.Join(names, ",")
}
