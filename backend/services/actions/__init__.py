"""Quick actions: the list, and running one."""
