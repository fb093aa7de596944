package console

// showStart is the first page.
func (c *Console) showStart(r *request) (answer, error) {
	if len(r.Projects) == 0 {
		return seeOther(projectsPath), nil // there is nothing to see before one is made
	}
	return view("Overview", startView()), nil
}
