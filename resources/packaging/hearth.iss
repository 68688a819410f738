; Inno Setup: the installer of Windows, for one user and without an administrator.
;   iscc /DVersion=0.1.0 /DProgram=FOLDER /DIcons=FOLDER hearth.iss
#ifndef Version
  #error Version is missing
#endif

[Setup]
AppId=org.hearth.Hearth
AppName=Hearth
AppVersion={#Version}
AppPublisher=The Hearth authors
DefaultDirName={autopf}\Hearth
DefaultGroupName=Hearth
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
LicenseFile=..\..\LICENSE
SetupIconFile={#Icons}\hearth.ico
UninstallDisplayIcon={app}\hearthw.exe
OutputBaseFilename=hearth-{#Version}-windows-x64
Compression=lzma2/max
SolidCompression=yes
; For what still runs after it was asked to quit, see below. Windows would start again
; only what has registered for it.
CloseApplications=yes
RestartApplications=no

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
Name: "de"; MessagesFile: "compiler:Languages\German.isl"
Name: "es"; MessagesFile: "compiler:Languages\Spanish.isl"
Name: "fr"; MessagesFile: "compiler:Languages\French.isl"

[InstallDelete]
; What an earlier version had and this one has not.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Program}\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[Run]
; The program knows its shortcut, its jump list and its identity.
Filename: "{app}\hearth.exe"; Parameters: "--install-desktop"; Flags: runhidden
Filename: "{app}\hearthw.exe"; Description: "{cm:LaunchProgram,Hearth}"; Flags: nowait postinstall skipifsilent

[UninstallRun]
Filename: "{app}\hearth.exe"; Parameters: "quit"; Flags: runhidden; RunOnceId: "Quit"
Filename: "{app}\hearth.exe"; Parameters: "--uninstall-desktop"; Flags: runhidden; RunOnceId: "Menu"

[Code]
// Before the files are looked at: windows that are closed stay in the tray, and the
// processes behind them have none that Windows could close.
function PrepareToInstall(var NeedsRestart: Boolean): String;
var
  Code: Integer;
begin
  if FileExists(ExpandConstant('{app}\hearth.exe')) then
    Exec(ExpandConstant('{app}\hearth.exe'), 'quit', '', SW_HIDE, ewWaitUntilTerminated, Code);
  Result := '';
end;
