package supervisor

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local"
	"github.com/flowc-dev/flowc/backends/local/live"
)

// Preview compares a group with the one that is there.
func (e *Engine) Preview(_ context.Context, want *deploy.Release) (*deploy.Preview, error) {
	f := e.folder(want.ID)
	rec, err := recordOf(want)
	if err != nil {
		return nil, err
	}
	before, err := e.before(f)
	if err != nil {
		return nil, err
	}
	s, err := f.state()
	if err != nil {
		return nil, err
	}
	secrets, err := e.secrets(&rec.Group, nil)
	if err != nil {
		return nil, err
	}
	v := &deploy.Preview{Before: before}
	if v.Seen, err = f.seen(); err != nil {
		return nil, err
	}
	if v.Have, err = e.objects(f); err != nil {
		return nil, err
	}
	for i := range v.Have {
		if o := &v.Have[i]; o.Kind == kindSupervisor {
			old, digest, err := f.release()
			if err != nil {
				return nil, err
			}
			o.Idle = s.idle(digest)
			if o.Spec, err = spec(&old.Group, s.Digests); err != nil {
				return nil, err
			}
		}
	}
	tree, err := spec(&rec.Group, digests(s.Salt, secrets))
	if err != nil {
		return nil, err
	}
	v.Would = []deploy.Object{
		{Kind: kindProgram, Name: want.Image},
		{Kind: kindFolder, Name: f.data(), Data: true},
		{Kind: kindSupervisor, Name: want.Pipeline, Spec: tree, Disturbs: disturbs(&rec.Group)},
	}
	return v, nil
}

// disturbs says what a change does.
func disturbs(g *local.Group) string {
	var longest time.Duration
	for i := range g.Processes {
		longest += g.Processes[i].Stop()
	}
	return fmt.Sprintf("stopped in order, which may take %s, and started again", longest)
}

// spec is what a plan compares of a group: a single process stands for it.
func spec(g *local.Group, digests map[string]string) (any, error) {
	processes := map[string]any{}
	for _, p := range g.Processes {
		text, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		var tree map[string]any
		if err := json.Unmarshal(text, &tree); err != nil {
			return nil, err
		}
		env, _ := tree["environment"].(map[string]any)
		if env == nil {
			env = map[string]any{}
		}
		for _, name := range p.Secrets {
			env[name] = deploy.Hidden{Shown: "a secret, of " + p.SecretsFile, Value: digests[name]}
		}
		tree["environment"] = env
		for _, key := range []string{"name", "secrets", "secrets_file"} {
			delete(tree, key)
		}
		processes[p.Name] = tree
	}
	all := map[string]any{"processes": processes}
	if len(g.Processes) == 1 {
		all, _ = processes[g.Processes[0].Name].(map[string]any)
	}
	all["program"] = g.Program
	for key, value := range map[string]string{"user": g.User, "group": g.Group} {
		if value != "" {
			all[key] = value
		}
	}
	return all, nil
}

// idle says why a group does not do what it should, "" for one that does.
func (s *state) idle(release string) string {
	switch {
	case s.Supervisor.PID == 0:
		return "it was never started"
	case s.Release != release:
		return "another version runs"
	case s.Supervisor.Alive():
		return ""
	}
	if s.Stopped {
		return "it was stopped"
	}
	var why []string
	for _, p := range s.Processes {
		switch {
		case p.Phase != live.Over:
			return s.killed()
		case p.Code != 0:
			why = append(why, fmt.Sprintf("%s ended with exit code %d", p.Name, p.Code))
		}
	}
	return strings.Join(why, "; ")
}

// killed says what became of a group whose supervisor was killed.
func (s *state) killed() string {
	text := fmt.Sprintf("its supervisor, process %d, is gone without having stopped it", s.Supervisor.PID)
	for _, p := range s.left() {
		text += fmt.Sprintf("; process %d still runs", p.PID)
	}
	return text
}

// seen identifies what is there.
func (f folder) seen() (string, error) {
	_, digest, err := f.release()
	if err != nil {
		return "", err
	}
	s, err := f.state()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("release %s below %d %s", digest, s.Supervisor.PID, s.Supervisor.Born), nil
}
