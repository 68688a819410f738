"""What is on the screen: main window, menus, tray, notifications."""
