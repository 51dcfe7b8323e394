"""From a planning request to a proved plan: reading, composing tasks into jobs, proving, writing, drawing."""
