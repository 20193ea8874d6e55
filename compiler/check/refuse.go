package check

func (j *job) refuse() {}
